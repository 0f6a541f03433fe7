"""The person's own songs as music: parameters of each moment in, ``StretchSong`` orders out.

* Beats of the song lie on the beats of the clock, times 1/2, 1 or 2: whatever keeps the song's
  speed nearest to its own. A multiple in use stays until another is clearly nearer.
* The speed never leaves 0.85..1.15. A tempo beyond that isn't followed: the clock, and with it all
  that counts beats, keeps to the song's nearest tempo, and a notice says so. It comes back to the
  wished tempo by 2 % a second at most.
* Where phase and place disagree (the song's own tempo jumped, another multiple, another song) the
  song goes by up to 2 % faster or slower until they agree: never a jump.
* The next song begins on its own beat within the last beat of the one before; after the last song
  comes the first. One that is out of reach is passed over, if another isn't.
* The song has its own harmony, so of the style nothing plays. Strokes without pitch are added on
  its beats: a shaker as energy lets it in, a click if wished, and the answers to gestures.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from biofeedback.messages import (
    NS_PER_S,
    TICKS_PER_BEAT,
    Layer,
    MusicParameters,
    NoticeGiven,
    PlayNote,
    StretchSong,
)
from biofeedback.music import mapping
from biofeedback.music.beats import BeatClock
from biofeedback.music.song_map import SongBeats, SongMap
from biofeedback.music.song_reach import FASTEST, SLOWEST, choose_multiple, fits
from biofeedback.music.swell import Swell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Direction, Part
    from biofeedback.music.style import Style

GLIDE_RATIO_PER_S: Final = 0.02
AGREE_RATIO: Final = 0.02
AGREE_S: Final = 2.0
AHEAD_NS: Final = NS_PER_S // 10
"""How much further than notes a song is ordered: stretching needs to know what comes."""

REMEMBERED_NS: Final = 10 * NS_PER_S
NOTICE_AFTER_NS: Final = 3 * NS_PER_S

INSTRUMENTS: Final[dict[Layer, str]] = {
    "percussion": "shaker",
    "click": "click",
    "accent": "frame_drum",
}
"""What plays along with a song."""

SHAKER_ENTERS: Final = (0.35, 0.55)
SHAKER_DB: Final = (-20.0, -8.0)
BAR_DB: Final = 3.0
OFFBEAT_DB: Final = -5.0
CLICK_DB: Final = -9.0
ANSWER_DB: Final = (-12.0, 0.0)
ANSWER_STROKES_MIDI: Final = (36, 48, 60)
_STROKE_NS: Final = NS_PER_S // 10
_BARELY = 1e-9


class SongPerformer:
    """Plays songs from ``start_ns`` on, piece by piece; in place of a style's ``Performer``."""

    def __init__(
        self,
        songs: Sequence[SongMap],
        *,
        start_ns: int,
        tempo_bpm: float,
        with_click: bool = False,
    ) -> None:
        """Begin with the first song, in phase.

        Raises:
            ValueError: A map can't be used.
        """
        self._songs = [SongBeats(song) for song in songs]
        self._with_click = with_click
        self._planned_until_ns = start_ns
        self._clock = BeatClock(start_ns, tempo_bpm)
        self._swell = Swell(start_ns)
        self._tempo_bpm = tempo_bpm
        self._follows = True
        self._beyond_since_ns: int | None = None
        self._beyond_told = False
        self._number = -1
        self._multiple = self._next_multiple = 1.0
        self._shift_beats = 0.0
        self._place_s: float | None = None
        self._change_tick: int | None = None
        self._passed_over = False
        self._prepare_change(start_ns, tempo_bpm)
        self._beats = self._songs[self._number]
        self._multiple = self._next_multiple

    @property
    def planned_until_ns(self) -> int:
        """Up to where the song has been ordered; the next parameters apply from here."""
        return self._planned_until_ns

    def play(
        self,
        at_ns: int,
        until_ns: int,
        parameters: MusicParameters,
        parts: tuple[Part, ...] = (),
        *,
        must_fall: bool = False,
    ) -> list[PlayNote | StretchSong | NoticeGiven]:
        """Order what sounds up to ``until_ns`` and 100 ms more, and was not ordered yet.

        The tempo moves linearly towards ``parameters.tempo_bpm``, as far as the song can go. A
        song has no parts of its own for wearers, and its strokes leave with energy at once.
        """
        del parts, must_fall
        start_ns = self._planned_until_ns
        until_ns += AHEAD_NS
        if until_ns <= start_ns:
            return []
        self._planned_until_ns = until_ns
        parameters = mapping.keep_in_range(parameters)
        orders: list[PlayNote | StretchSong | NoticeGiven] = []
        self._swell.extend(until_ns, parameters.swell_brpm)
        self._move_tempo(start_ns, until_ns, parameters.tempo_bpm)
        self._watch_reach(at_ns, until_ns, parameters.tempo_bpm, orders)
        while start_ns < until_ns:
            start_ns = self._play_piece(at_ns, start_ns, until_ns, parameters, orders)
        self._clock.forget_before(at_ns - REMEMBERED_NS)
        return orders

    def swell_wave(self, at_ns: int) -> float:
        """Tell where the swell stands at an instant that has been ordered, 0 to 1."""
        return self._swell.wave(at_ns)

    def answer(
        self,
        at_ns: int,
        strength_ratio: float,
        parameters: MusicParameters,
        *,
        direction: Direction | None = None,
        owner: int | None = None,
        place: float = 0.0,
    ) -> list[PlayNote]:
        """Answer a gesture at once, with a stroke that needs no key, at the wearer's place."""
        del parameters, direction, owner
        strength = min(max(strength_ratio, 0.0), 1.0)
        stroke = min(int(strength * len(ANSWER_STROKES_MIDI)), len(ANSWER_STROKES_MIDI) - 1)
        low_db, high_db = ANSWER_DB
        note = PlayNote(
            at_ns=at_ns,
            start_ns=at_ns,
            duration_ns=_STROKE_NS,
            layer="accent",
            pitch_midi=ANSWER_STROKES_MIDI[stroke],
            velocity=mapping.velocity(low_db + (high_db - low_db) * strength),
            tick=None,
            pan=place,
        )
        return [note]

    def play_degree(
        self, at_ns: int, start_ns: int, duration_s: float, degree: int, strength_ratio: float
    ) -> list[PlayNote]:
        """Play nothing: of the key of a song nothing is known."""
        del at_ns, start_ns, duration_s, degree, strength_ratio
        return []

    def restyle(self, style: Style) -> None:
        """Go on: a song has its own style."""
        del style

    def asynchrony_beats(self, heard_ns: int) -> float | None:
        """Tell how far the music was ahead (+) of an instant, in beats; None if unknown."""
        return self._clock.asynchrony_beats(heard_ns)

    # ------------------------------------------------------------ tempo

    def _move_tempo(self, start_ns: int, until_ns: int, wished_bpm: float) -> None:
        """Take the clock towards the wish, as far as the song can follow."""
        place_s = self._beats.song.sounds_from_s if self._place_s is None else self._place_s
        song_bpm = self._beats.tempo_bpm(self._beats.beat_at(place_s))
        chosen = choose_multiple(song_bpm, wished_bpm, self._multiple)
        if chosen != self._multiple:
            # The song goes on as fast as it goes; other beats of it count from now on.
            speed = self._tempo_bpm * self._multiple / song_bpm
            self._tempo_bpm = min(max(speed, SLOWEST), FASTEST) * song_bpm / chosen
            self._clock.extend(start_ns + 1, self._tempo_bpm)
            self._multiple = chosen
            self._follows = False
            self._take_phase(start_ns)
            if self._change_tick is not None:
                self._plan_entry(start_ns + 1)
        low_bpm, high_bpm = SLOWEST * song_bpm / chosen, FASTEST * song_bpm / chosen
        goal_bpm = min(max(wished_bpm, low_bpm), high_bpm)
        most = self._tempo_bpm * GLIDE_RATIO_PER_S * (until_ns - start_ns) / NS_PER_S + _BARELY
        if goal_bpm != wished_bpm:
            self._follows = False
        if not self._follows:
            goal_bpm = min(max(goal_bpm, self._tempo_bpm - most), self._tempo_bpm + most)
            self._follows = goal_bpm == wished_bpm
        self._tempo_bpm = goal_bpm
        self._clock.extend(until_ns, goal_bpm)

    def _take_phase(self, at_ns: int) -> None:
        """Let the nearest beats of song and clock belong together from now on."""
        if self._place_s is None:
            return
        unit = min(self._multiple, 1.0)
        shift = self._beats.beat_at(self._place_s) - self._multiple * self._clock.beats_at(at_ns)
        self._shift_beats = round(shift / unit) * unit

    def _watch_reach(
        self,
        at_ns: int,
        until_ns: int,
        wished_bpm: float,
        orders: list[PlayNote | StretchSong | NoticeGiven],
    ) -> None:
        """Tell, once each time, that the song can't follow as far as that."""
        if abs(self._tempo_bpm / wished_bpm - 1.0) <= AGREE_RATIO:
            self._beyond_since_ns, self._beyond_told = None, False
            return
        if self._beyond_since_ns is None:
            self._beyond_since_ns = until_ns
        if not self._beyond_told and until_ns - self._beyond_since_ns >= NOTICE_AFTER_NS:
            self._beyond_told = True
            orders.append(NoticeGiven(at_ns=at_ns, code="song_out_of_reach"))

    # ------------------------------------------------------------ place

    def _play_piece(
        self,
        at_ns: int,
        start_ns: int,
        until_ns: int,
        parameters: MusicParameters,
        orders: list[PlayNote | StretchSong | NoticeGiven],
    ) -> int:
        """Order one straight piece of a song; return where it ends."""
        end_ns = until_ns
        if self._change_tick is not None:
            change_ns = max(start_ns, self._tick_ns(self._change_tick))
            if change_ns <= start_ns:
                self._begin_song()
            else:
                end_ns = min(until_ns, change_ns)
        if self._place_s is None:
            return end_ns
        to_s = self._aim(start_ns, end_ns)
        piece = StretchSong(
            at_ns=at_ns,
            song=self._beats.song.song,
            start_ns=start_ns,
            end_ns=end_ns,
            from_s=self._place_s,
            to_s=to_s,
        )
        orders.append(piece)
        orders += self._play_along(piece, parameters)
        self._place_s = to_s
        if self._change_tick is None and to_s >= self._last_beat_s():
            self._prepare_change(end_ns, parameters.tempo_bpm)
            if self._passed_over:
                orders.append(NoticeGiven(at_ns=at_ns, code="song_passed_over"))
        return end_ns

    def _aim(self, start_ns: int, end_ns: int) -> float:
        """Where the song has to be at ``end_ns``, so that its beats fall on the clock's."""
        place_s = self._place_s or 0.0
        seconds = (end_ns - start_ns) / NS_PER_S
        begin = self._multiple * self._clock.beats_at(start_ns) + self._shift_beats
        end = self._multiple * self._clock.beats_at(end_ns) + self._shift_beats
        error = self._beats.beat_at(place_s) - begin
        unit = min(self._multiple, 1.0)
        if abs(error) > unit / 2:
            self._shift_beats += round(error / unit) * unit
            return self._aim(start_ns, end_ns)
        plain_s = self._beats.place_s(end) - self._beats.place_s(begin)
        wanted_s = self._beats.place_s(end + error * math.exp(-seconds / AGREE_S)) - place_s
        agreed_s = min(max(wanted_s, plain_s * (1 - AGREE_RATIO)), plain_s * (1 + AGREE_RATIO))
        return place_s + min(max(agreed_s, SLOWEST * seconds), FASTEST * seconds)

    def _tick_ns(self, tick: int) -> int:
        """When a tick is; one beyond the known future is far away."""
        if tick > self._clock.beats_at(self._clock.end_ns) * TICKS_PER_BEAT:
            return self._clock.end_ns + NS_PER_S
        return self._clock.time_ns(tick)

    # ------------------------------------------------------------ songs

    def _last_beat_s(self) -> float:
        """From where on the next song may begin: a beat before the end of what sounds."""
        end = self._beats.beat_at(self._beats.song.sounds_to_s)
        return self._beats.place_s(end - max(1.0, self._multiple))

    def _prepare_change(self, at_ns: int, wished_bpm: float) -> None:
        """Choose the next song and the tick on which it begins."""
        count = len(self._songs)
        order = [(self._number + 1 + index) % count for index in range(count)]
        fitting = [n for n in order if fits(self._songs[n], wished_bpm)]
        self._number = (fitting or order)[0]
        self._passed_over = self._number != order[0]
        self._plan_entry(at_ns)

    def _plan_entry(self, at_ns: int) -> None:
        """Find the tick on which the next song begins, at the tempo of ``at_ns``."""
        following = self._songs[self._number]
        song_bpm = following.tempo_bpm(0.0)
        multiple = choose_multiple(song_bpm, self._clock.tempo_bpm(at_ns), None)
        self._next_multiple = multiple
        enters = following.beat_at(following.song.sounds_from_s)
        unit = min(multiple, 1.0)
        # The first instant at which the song's beats and the clock's agree.
        beats = self._clock.beats_at(at_ns)
        share = (enters - multiple * beats) % unit
        self._change_tick = math.ceil((beats + share / multiple) * TICKS_PER_BEAT)

    def _begin_song(self) -> None:
        beats = (self._change_tick or 0) / TICKS_PER_BEAT
        following = self._songs[self._number]
        self._beats = following
        self._multiple = self._next_multiple
        unit = min(self._multiple, 1.0)
        enters = following.beat_at(following.song.sounds_from_s)
        self._shift_beats = round((enters - self._multiple * beats) / unit) * unit
        self._place_s = following.place_s(self._multiple * beats + self._shift_beats)
        self._change_tick = None

    # ------------------------------------------------------------ strokes

    def _play_along(self, piece: StretchSong, parameters: MusicParameters) -> list[PlayNote]:
        """Add strokes on the beats of a piece, and between them."""
        beats = self._beats
        first, end = beats.beat_at(piece.from_s), beats.beat_at(piece.to_s)
        per_stroke = max(self._multiple, 1.0) / 2.0
        notes: list[PlayNote] = []
        for number in range(
            math.ceil(first / per_stroke - _BARELY), math.ceil(end / per_stroke - _BARELY)
        ):
            beat = number * per_stroke
            share = (beats.place_s(beat) - piece.from_s) / (piece.to_s - piece.from_s)
            start_ns = piece.start_ns + round(share * (piece.end_ns - piece.start_ns))
            notes += self._strike(piece.at_ns, start_ns, beat, parameters, is_beat=number % 2 == 0)
        return notes

    def _strike(
        self, at_ns: int, start_ns: int, beat: float, parameters: MusicParameters, *, is_beat: bool
    ) -> list[PlayNote]:
        energy, ornament, _ = mapping.open_gates(parameters.energy, parameters)
        accent_db = BAR_DB if beat == int(beat) and self._beats.is_downbeat(int(beat)) else 0.0
        strokes: list[tuple[Layer, float]] = []
        on_beat, off_beat = SHAKER_ENTERS
        if energy >= on_beat if is_beat else ornament >= off_beat:
            low_db, high_db = SHAKER_DB
            level_db = low_db + (high_db - low_db) * energy
            strokes.append(("percussion", level_db + (accent_db if is_beat else OFFBEAT_DB)))
        if self._with_click and is_beat:
            strokes.append(("click", CLICK_DB + accent_db))
        return [
            PlayNote(
                at_ns=at_ns,
                start_ns=start_ns,
                duration_ns=_STROKE_NS,
                layer=layer,
                pitch_midi=None,
                velocity=mapping.velocity(level_db),
                tick=round(self._clock.beats_at(start_ns) * TICKS_PER_BEAT),
            )
            for layer, level_db in strokes
        ]
