"""SONGWRITE: a song grows slot by slot; the person draws, staff accept or reject.

The tempo comes from taps, from walking or from the resting heart, and stands once it is found. In
each slot (verse, chorus ...) the height of the arm draws a melody of two bars, an eighth note at a
time, heard as it is drawn; the energy of the movement picks the groove. A full drawing is played
again and again until ``accept`` keeps it and opens the next slot, or ``reject`` clears it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.course import Course
from biofeedback.control.law import AHEAD_NS, Answer, Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S, TempoBpm
from biofeedback.control.next_beat import next_beat_ns
from biofeedback.control.songwriting import (
    GROOVES,
    Groove,
    bring_into_song,
    draw_degree,
    pick_groove,
    tempo_from_taps,
)
from biofeedback.messages import NS_PER_S
from biofeedback.parameters import drive_song

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.messages import MusicParameters

NOTES_PER_BEAT, BEATS_PER_BAR = 2, 4
MELODY_STRENGTH = 0.6
DRAWING_DB = -6.0
SMOOTH_S = 3.0
LEARN_S = 10.0
DRIVES: Final[dict[Groove, float]] = {"sparse": 0.3, "steady": 0.55, "driving": 0.8}


class Take(msgspec.Struct, frozen=True):
    """An accepted slot: a scale step or a rest for each eighth note, and its groove."""

    slot: str
    degrees: tuple[int | None, ...]
    groove: Groove


class SongwritePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the tempo comes from, and which slots the song has.

    ``takes`` were accepted in sessions before: the song goes on after them.
    """

    tempo_from: Literal["plan", "taps", "walking", "heart"] = "taps"
    tempo_bpm: TempoBpm = 90.0
    slots: tuple[str, ...] = ("verse", "chorus")
    bars: Annotated[int, Meta(ge=1, le=8)] = 2
    takes: tuple[Take, ...] = ()


class SongwriteLaw:
    """One song in the making."""

    tempo_slew_ratio_per_s: ClassVar[float] = FOLLOW_SLEW_RATIO_PER_S

    def __init__(
        self, plan: SongwritePlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._plan = plan or SongwritePlan()
        self._low_bpm, self._high_bpm = limits.tempo_low_bpm, limits.tempo_high_bpm
        self._tempo_bpm = resting_tempo_bpm
        self._found = False
        self._taps_ns: list[int] = []
        self._source = Course(edge_s=LEARN_S)
        self._takes: list[Take] = [*self._plan.takes]
        self._rejected = 0
        self._drawn: list[int | None] = []
        self._heights: list[float] = []
        self._energy = 0.0
        self._groove: Groove | None = None
        self._told_ns: int | None = None
        self._note = 0
        if self._plan.tempo_from == "plan":
            self._settle(self._plan.tempo_bpm)

    @property
    def takes(self) -> tuple[Take, ...]:
        """What has been accepted so far, in order."""
        return tuple(self._takes)

    @property
    def tempo_bpm(self) -> float:
        """The song's tempo, or until it is found the one that sounds."""
        return self._tempo_bpm

    @property
    def is_drawn(self) -> bool:
        """The slot is full and waits to be accepted or rejected."""
        return self.slot is not None and len(self._drawn) >= self._notes

    @property
    def slot(self) -> str | None:
        """What is being drawn; None when the song is whole."""
        done = len(self._takes)
        return self._plan.slots[done] if done < len(self._plan.slots) else None

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        if not self._found:
            self._find_tempo(moment)
            return Wish(self._dress(), "listening")
        self._decide(moment)
        activity = moment.first("activity_ratio")
        if activity is not None:
            slow = min(1.0, moment.elapsed_s / SMOOTH_S)
            self._energy += slow * (activity - self._energy)
        self._groove = pick_groove(self._energy, self._groove)
        answers = self._draw(moment) if self.slot is not None else ()
        return Wish(self._dress(), "drawing" if self.slot else "playing", answers=answers)

    def outcomes(self) -> dict[str, float | None]:
        """Tell how far the song has come."""
        return {
            "tempo_bpm": self._tempo_bpm if self._found else None,
            "slots_accepted": float(len(self._takes)),
            "slots_open": float(len(self._plan.slots) - len(self._takes)),
            "takes_rejected": float(self._rejected),
        }

    def _find_tempo(self, moment: Moment) -> None:
        match self._plan.tempo_from:
            case "taps":
                self._taps_ns += [press.at_ns for press in moment.presses if press.key == "tap"]
                tempo_bpm = tempo_from_taps(self._taps_ns)
            case "walking":
                self._source.take(moment.first("cadence_spm"), moment.elapsed_s)
                tempo_bpm = self._source.start
            case "heart":
                self._source.take(moment.first("heart_rate_bpm"), moment.elapsed_s)
                tempo_bpm = self._source.start
            case "plan":
                tempo_bpm = self._plan.tempo_bpm
        if tempo_bpm is not None:
            self._settle(bring_into_song(tempo_bpm))

    def _settle(self, tempo_bpm: float) -> None:
        self._tempo_bpm = min(max(tempo_bpm, self._low_bpm), self._high_bpm)
        self._found = True

    @property
    def _notes(self) -> int:
        return self._plan.bars * BEATS_PER_BAR * NOTES_PER_BEAT

    def _decide(self, moment: Moment) -> None:
        """Carry out what staff say of a full drawing."""
        slot = self.slot
        if slot is None or len(self._drawn) < self._notes:
            return
        if moment.pressed("accept"):
            groove = self._groove or GROOVES[0]
            self._takes.append(Take(slot, tuple(self._drawn), groove))
        elif moment.pressed("reject"):
            self._rejected += 1
        else:
            return
        self._drawn, self._heights, self._note = [], [], 0

    def _draw(self, moment: Moment) -> tuple[Answer, ...]:
        """Go on drawing, or play again what was drawn; one note at a time, each told once."""
        until_ns = moment.at_ns + AHEAD_NS + round(moment.elapsed_s * NS_PER_S)
        note_s = 60.0 / moment.tempo_bpm / NOTES_PER_BEAT
        height = moment.first("tilt_ratio")
        if height is not None and not self.is_drawn:
            self._heights.append(height)
        answers: list[Answer] = []
        while (start_ns := self._next_note_ns(moment)) is not None and start_ns < until_ns:
            if len(self._drawn) < self._notes:
                self._drawn.append(draw_degree(self._heights))
                self._heights = []
            degree = self._drawn[self._note % self._notes]
            if degree is not None:
                answers.append(Answer(start_ns, 0.9 * note_s, degree, MELODY_STRENGTH))
            self._note += 1
            self._told_ns = start_ns
        return tuple(answers)

    def _next_note_ns(self, moment: Moment) -> int | None:
        return next_beat_ns(moment, notes_per_beat=NOTES_PER_BEAT, after_ns=self._told_ns)

    def _dress(self) -> MusicParameters:
        drive = DRIVES[self._groove or "sparse"]
        return drive_song(drive, self._tempo_bpm, level_db=DRAWING_DB)
