"""A performer: parameters of each moment in, notes out. Engine and curves share it.

It holds the beat clock and how far the music has been planned; what is played is decided by
``arrangement.py`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, MusicParameters, PlayNote
from biofeedback.music.arrangement import PlannedNote, plan_accent, plan_notes
from biofeedback.music.beats import BeatClock

if TYPE_CHECKING:
    from biofeedback.music.style import Style

REMEMBERED_NS = 10 * NS_PER_S


class Performer:
    """Plays one style from ``start_ns`` on, piece by piece."""

    def __init__(self, style: Style, seed: int, *, start_ns: int, tempo_bpm: float) -> None:
        self._style = style
        self._seed = seed
        self._start_ns = start_ns
        self._planned_until_ns = start_ns
        self._clock = BeatClock(start_ns, tempo_bpm)
        self._next_tick = 0

    @property
    def planned_until_ns(self) -> int:
        """Up to where notes have been handed out; the next parameters apply from here."""
        return self._planned_until_ns

    def play(self, at_ns: int, until_ns: int, parameters: MusicParameters) -> list[PlayNote]:
        """Hand out the notes that start before ``until_ns`` and were not handed out yet.

        The tempo moves linearly to ``parameters.tempo_bpm``, reached at ``until_ns``.
        """
        if until_ns <= self._planned_until_ns:
            return []
        self._planned_until_ns = until_ns
        clock, tempo_bpm = self._clock, parameters.tempo_bpm
        clock.extend(until_ns, tempo_bpm)
        first, end = self._next_tick, clock.first_tick_at(until_ns)
        self._next_tick = end
        notes: list[PlayNote] = []
        tick, tick_ns = -1, 0
        for note in plan_notes(self._style, self._seed, first, end, parameters):
            if note.tick != tick:
                tick, tick_ns = note.tick, clock.time_ns(note.tick)
            notes.append(_order(at_ns, tick_ns + note.offset_ns, note, tempo_bpm, tick))
        clock.forget_before(at_ns - REMEMBERED_NS)
        return notes

    def answer(self, at_ns: int, strength_ratio: float, parameters: MusicParameters) -> PlayNote:
        """Answer a gesture at once, with a note that fits the harmony of the moment."""
        tick = self._clock.first_tick_at(max(at_ns, self._start_ns))
        note = plan_accent(self._style, self._seed, tick, strength_ratio, parameters)
        return _order(at_ns, at_ns, note, parameters.tempo_bpm, None)

    def asynchrony_beats(self, heard_ns: int) -> float | None:
        """Tell how far the music was ahead (+) of an instant, in beats, -0.5..0.5."""
        if heard_ns < self._start_ns:
            return None
        beats = self._clock.beats_at(heard_ns)
        return beats - round(beats)


def _order(
    at_ns: int, start_ns: int, note: PlannedNote, tempo_bpm: float, tick: int | None
) -> PlayNote:
    seconds = note.duration_ticks / TICKS_PER_BEAT * 60.0 / tempo_bpm
    return PlayNote(
        at_ns=at_ns,
        start_ns=start_ns,
        duration_ns=round(seconds * NS_PER_S),
        layer=note.layer,
        pitch_midi=note.pitch_midi,
        velocity=note.velocity,
        tick=tick,
        pan=note.pan,
    )
