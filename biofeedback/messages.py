"""Every fact that crosses a stage, the disk or the network.

* ``Input`` is what shells stamp and hand to the engine; ``Output`` is what the engine answers.
  Both are frozen msgspec structs, tagged by their class name, so a trace is these and nothing else.
* Facts are past tense, orders to the sound are imperative.
* ``at_ns`` is the host's monotonic clock; no wall time here. ``wearer`` is a pseudonym.
* Missing is ``None``. NaN and infinity never leave a stage.
* Samples (``samples.py``) live in memory only: a trace keeps the raw packets instead, so that
  every later algorithm can run on an old session.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from biofeedback.parameters import MusicParameters, Part
from biofeedback.vocabulary import (
    Axis,
    Check,
    Command,
    Direction,
    Event,
    Key,
    Layer,
    Limit,
    LinkFact,
    Measure,
    NoticeCode,
    PhaseEnd,
    PhaseKind,
    Question,
    Rating,
    Reason,
    RejectReason,
    SessionState,
    Side,
    Site,
)

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
TICKS_PER_BEAT = 480
"""Beats are exact: an integer number of ticks (the usual resolution of a MIDI file)."""


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    # Frozen facts can't form cycles, so the collector needn't look at millions of them.
    at_ns: int


# ---------------------------------------------------------------- inputs


class SensorAttached(_Fact, frozen=True, kw_only=True):
    """A sensor joined: its profile says how to read it, the site how to understand it.

    ``context`` is what a profile learns at the start of a stream (scale factors, ranges).
    ``left_axis`` is the one that points to the wearer's left, None if nobody told.
    """

    wearer: str
    sensor: str
    profile: str
    site: Site
    context: dict[str, float] = {}
    left_axis: Axis | None = None


class SensorDetached(_Fact, frozen=True, kw_only=True):
    """A sensor left for good (not a silence: silence is seen by the age of its samples)."""

    wearer: str
    sensor: str


class PacketReceived(_Fact, frozen=True, kw_only=True):
    """Bytes from a sensor, stamped at arrival, before anything else was done with them."""

    wearer: str
    sensor: str
    characteristic: str
    payload: bytes


class LinkReported(_Fact, frozen=True, kw_only=True):
    """What a shell knows of a sensor's link beside its packets."""

    wearer: str
    sensor: str
    link: LinkFact


class CommandGiven(_Fact, frozen=True, kw_only=True):
    """A person's order: start, pause, resume, skip or stop."""

    command: Command


class KeyPressed(_Fact, frozen=True, kw_only=True):
    """A person at the keys said something to the law in force; None: no wearer in particular."""

    key: Key
    wearer: str | None = None


class NotePlayed(_Fact, frozen=True, kw_only=True):
    """A person played a note at the keys: a scale step from the tonic, and how strongly (0..1)."""

    degree: int
    strength_ratio: float = 0.6


class RatingGiven(_Fact, frozen=True, kw_only=True):
    """How somebody rates themselves (the group, without a wearer): 0 to 10, effort 6 to 20."""

    question: Rating
    value: float
    wearer: str | None = None


class CheckAnswered(_Fact, frozen=True, kw_only=True):
    """The answer to a question before the start."""

    check: Check
    yes: bool


class SymptomAnswered(_Fact, frozen=True, kw_only=True):
    """Whether there are symptoms; it may be said unasked."""

    present: bool
    wearer: str | None = None


class MarkerSet(_Fact, frozen=True, kw_only=True):
    """A place in the session to find again; ``text`` is a note, if there is one."""

    text: str = ""


class LevelNudged(_Fact, frozen=True, kw_only=True):
    """Staff move the most that the level may be; never above the plan's."""

    change_db: float


class TimePassed(_Fact, frozen=True, kw_only=True):
    """Nothing happened, but a control step is due."""


class ClockJumped(_Fact, frozen=True, kw_only=True):
    """The computer slept or stalled for ``jump_s``: what was planned is stale."""

    jump_s: float


class SoundReported(_Fact, frozen=True, kw_only=True):
    """What the sound process measured since its last report.

    ``late_notes`` came too late for their instant and were started at once;
    ``timing_error_ms`` is the largest distance between planned and actual start of the others.
    """

    played_notes: int
    late_notes: int
    timing_error_ms: float
    xruns: int
    short_term_lufs: float | None
    true_peak_dbtp: float | None


Input: TypeAlias = (
    SensorAttached
    | SensorDetached
    | PacketReceived
    | LinkReported
    | CommandGiven
    | KeyPressed
    | NotePlayed
    | RatingGiven
    | CheckAnswered
    | SymptomAnswered
    | MarkerSet
    | LevelNudged
    | TimePassed
    | ClockJumped
    | SoundReported
)

# ---------------------------------------------------------------- outputs


class PacketRejected(_Fact, frozen=True, kw_only=True):
    """A packet could not be used; ``detail`` is for a person."""

    wearer: str
    sensor: str
    reason: RejectReason
    detail: str


class MeasureTaken(_Fact, frozen=True, kw_only=True):
    """A measure became known. ``quality`` is 0..1; a value that can't be trusted is withheld."""

    wearer: str
    sensor: str
    measure: Measure
    value: float
    quality: float


class EventDetected(_Fact, frozen=True, kw_only=True):
    """Something happened in the body at ``event_ns`` and became known at ``at_ns``.

    ``strength`` is in the unit of the signal (m/s2 for steps and gestures) or None. ``direction``
    is known of gestures only, ``side`` of steps at a trunk whose sensor's mounting was told.
    """

    wearer: str
    sensor: str
    event: Event
    event_ns: int
    strength: float | None
    quality: float
    direction: Direction | None = None
    side: Side | None = None


class StateChanged(_Fact, frozen=True, kw_only=True):
    """The session's state machine moved."""

    before: SessionState
    after: SessionState
    reason: Reason


class DecisionMade(_Fact, frozen=True, kw_only=True):
    """The law wished, safety allowed. The tempo applies from ``tempo_from_ns`` on."""

    state: SessionState
    reason: Reason
    wanted: MusicParameters
    allowed: MusicParameters
    limits_hit: tuple[Limit, ...]
    input_age_ms: float | None
    tempo_from_ns: int
    parts: tuple[Part, ...] = ()


class NoticeGiven(_Fact, frozen=True, kw_only=True):
    """Something a person should know; a shell finds the words for ``code``."""

    code: NoticeCode
    wearer: str | None = None
    sensor: str | None = None
    detail: str | None = None


class PhaseChanged(_Fact, frozen=True, kw_only=True):
    """A plan moved on: the phase that begins, None at the end, and why the one before ended.

    ``number`` counts from 1, ``least_s`` and ``most_s`` are the time in it (while the session
    runs), None where only answers end it; ``say`` is what a guide reads or the person is told.
    """

    phase: str | None
    kind: PhaseKind | None
    number: int
    of: int
    why: PhaseEnd
    least_s: float | None = None
    most_s: float | None = None
    say: str = ""


class QuestionAsked(_Fact, frozen=True, kw_only=True):
    """Something waits for an answer; ``detail`` is what a person should know to give it.

    ``lowest`` and ``highest`` bound a rating; a question without them wants yes or no.
    """

    question: Question
    lowest: float | None = None
    highest: float | None = None
    detail: str = ""


class OutcomesTold(_Fact, frozen=True, kw_only=True):
    """What came of a phase, or of the whole session (``phase`` None); None is unknown.

    Names carry their unit as a suffix, as measures do.
    """

    phase: str | None
    outcomes: dict[str, float | None]


class TakeKept(_Fact, frozen=True, kw_only=True):
    """A slot of a song was accepted: a groove, and a scale step or a rest for each eighth note."""

    slot: str
    degrees: tuple[int | None, ...]
    groove: str
    tempo_bpm: float


class PlayNote(_Fact, frozen=True, kw_only=True):
    """Start a note at ``start_ns``; one whose start has passed begins in the next block.

    ``tick`` is its place in the music (``TICKS_PER_BEAT`` to the beat), None for a note that
    answers a gesture. ``pitch_midi`` is None for unpitched layers. ``velocity`` is 0..1, ``pan``
    -1..1.
    """

    start_ns: int
    duration_ns: int
    layer: Layer
    pitch_midi: int | None
    velocity: float
    tick: int | None
    pan: float = 0.0


class SteerSound(_Fact, frozen=True, kw_only=True):
    """Continuous parameters for the sound. Ignored when older than the newest or expired.

    With no valid order left the sound glides to neutral by itself, never to more.
    ``may_rise`` is False while nothing may get louder (HOLD, EASE). ``swell_wave`` is where the
    swell stands, 0 (low) to 1 (high); ``parts`` are the levels of ``part_1``, ``part_2`` ...
    """

    sequence: int
    expires_ns: int
    parameters: MusicParameters
    may_rise: bool
    swell_wave: float = 0.5
    parts: tuple[Part, ...] = ()


class StretchSong(_Fact, frozen=True, kw_only=True):
    """Let the person's own song go evenly from ``from_s`` to ``to_s`` in ``[start_ns, end_ns)``.

    ``from_s`` and ``to_s`` are places in the recording, in seconds from its first sample. Where
    one order ends where the next begins, the song goes on without a seam; without an order it
    fades.
    """

    song: str
    start_ns: int
    end_ns: int
    from_s: float
    to_s: float


class StopSound(_Fact, frozen=True, kw_only=True):
    """Fade to silence within ``fade_ms`` and stay silent; notes not yet started are dropped."""

    fade_ms: int


Output: TypeAlias = (
    PacketRejected
    | MeasureTaken
    | EventDetected
    | StateChanged
    | DecisionMade
    | NoticeGiven
    | PhaseChanged
    | QuestionAsked
    | OutcomesTold
    | TakeKept
    | PlayNote
    | SteerSound
    | StretchSong
    | StopSound
)
SoundOrder: TypeAlias = PlayNote | SteerSound | StretchSong | StopSound
Message: TypeAlias = Input | Output
