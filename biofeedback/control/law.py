"""What a control law is: a moment in, a wish out, ten times a second.

* A law is pure: it knows what its moments told it and nothing else. The same moments give the same
  wishes, and a shift of all times changes nothing.
* A law proposes, ``safety.py`` disposes. How fast the tempo may move is declared by the law's
  class and read once, before the law has seen anything: no wish can widen it.
* A law may change its mind, never its time: notes that it wants are told before they are due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

import msgspec

from biofeedback.messages import Key, MusicParameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import (
        EventDetected,
        MeasureTaken,
        NoticeCode,
        Part,
        Reason,
    )
    from biofeedback.samples import BodyState

AHEAD_NS = 300_000_000
"""Notes that start within this time from a moment are already on their way to the sound."""

MOST_ANSWERS = 8
LATEST_ANSWER_NS = 2_000_000_000
LONGEST_ANSWER_S = 16.0
LOWEST_DEGREE, HIGHEST_DEGREE = -14, 21
"""What a law may want of single notes in one moment."""

Cue = Literal["full", "no_click", "three_in_four", "one_in_two", "bed", "silent", "pulse"]
"""How much of the beat sounds: all; without the click; one bar in four muted; every other bar
muted; only what has no pulse; nothing at all; and, in a freeze, single pulses at
``Wish.pulses_ns`` over what has none. ``cue.py`` says what that means for each layer and bar."""

Known = Literal[
    "heart_rate_bpm",
    "breathing_brpm",
    "coherence",
    "rmssd_ms",
    "cadence_spm",
    "activity_ratio",
    "sustained_ratio",
    "tilt_ratio",
]
"""What a law may ask of a body; None is unknown, stale or not believed."""


class Step(NamedTuple):
    """One initial contact that became known.

    ``asynchrony_beats`` is how far the music was ahead (+) of it as the person heard it, in beats
    (-0.5..0.5), the delay of the output taken off; None when no music sounded.
    """

    wearer: str
    at_ns: int
    asynchrony_beats: float | None


class Press(NamedTuple):
    """A key, stamped when it was pressed."""

    key: Key
    at_ns: int


class Moment(msgspec.Struct, frozen=True, gc=False):
    """What a law is told at one control step.

    Args:
        at_ns: Now.
        bodies: All wearers, those without fresh sensors included.
        tempo_bpm: The tempo that sounds.
        elapsed_s: Time since the last moment.
        steps: Steps of those who walk that became known since then.
        findings: All measures and events that became known since then, in that order.
        presses: Keys pressed since then.
        beat_ratio: How far into a beat the music is now, 0..1; None before the first.
    """

    at_ns: int
    bodies: Sequence[BodyState]
    tempo_bpm: float
    elapsed_s: float
    steps: Sequence[Step] = ()
    findings: Sequence[MeasureTaken | EventDetected] = ()
    presses: Sequence[Press] = ()
    beat_ratio: float | None = None

    def first(self, known: Known) -> float | None:
        """Tell a value of the first wearer of whom it is known."""
        values = (getattr(body, known) for body in self.bodies)
        return next((value for value in values if value is not None), None)

    def pressed(self, key: Key) -> bool:
        """Tell whether a key was pressed since the last moment."""
        return any(press.key == key for press in self.presses)


class Answer(NamedTuple):
    """A note that a law wants: what a partner plays, or a melody that was drawn.

    ``degree`` counts scale steps from the tonic of the middle octave. ``strength_ratio`` is 0..1.
    """

    start_ns: int
    duration_s: float
    degree: int
    strength_ratio: float


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What a law wants, and why.

    ``parts`` has one entry for each wearer, in their order, or none. ``pulses_ns`` are the single
    pulses that start from ``AHEAD_NS`` after the moment on, each told once; so are ``answers``.
    ``notices`` are what staff should know; the engine thins them out.
    """

    parameters: MusicParameters
    reason: Reason
    cue: Cue = "full"
    parts: tuple[Part, ...] = ()
    pulses_ns: tuple[int, ...] = ()
    answers: tuple[Answer, ...] = ()
    notices: tuple[NoticeCode, ...] = ()


class Law(Protocol):
    """Proposes music from moments."""

    tempo_slew_ratio_per_s: ClassVar[float]
    """The most by which this law's tempo may move; one of those in ``limits.py``."""

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        ...

    def outcomes(self) -> dict[str, float | None]:
        """Tell what came of it so far, by name with the unit as suffix; None is unknown."""
        ...


def usable_answers(answers: Sequence[Answer], at_ns: int) -> list[Answer]:
    """Leave out what can't be played: numbers that are none, notes out of time or range, a flood.

    Args:
        answers: What a law wants.
        at_ns: The moment's time; a note starts from ``AHEAD_NS`` after it on.
    """
    earliest_ns, latest_ns = at_ns + AHEAD_NS, at_ns + LATEST_ANSWER_NS
    return [
        answer
        for answer in answers
        if earliest_ns <= answer.start_ns <= latest_ns
        and 0.0 < answer.duration_s <= LONGEST_ANSWER_S
        and LOWEST_DEGREE <= answer.degree <= HIGHEST_DEGREE
        and 0.0 <= answer.strength_ratio <= 1.0
    ][:MOST_ANSWERS]


def require_wish(wish: object) -> None:
    """Raise a TypeError unless a law proposed a Wish.

    Raises:
        TypeError: It proposed something else (F58).
    """
    if not isinstance(wish, Wish) or not isinstance(wish.parameters, MusicParameters):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a law has to propose a Wish, not {type(wish).__name__}")
