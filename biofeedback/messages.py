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

from typing import Literal, TypeAlias

import msgspec

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
TICKS_PER_BEAT = 480
"""Beats are exact: an integer number of ticks (the usual resolution of a MIDI file)."""

Site = Literal["chest", "waist", "wrist", "ankle", "arm", "unknown"]
"""Where on the body a sensor sits. ``waist`` includes lower back and trouser pocket."""

SessionState = Literal["INIT", "CALIBRATE", "RUN", "HOLD", "EASE", "STOP"]

Measure = Literal[
    "rr_ms",
    "heart_rate_bpm",
    "rmssd_ms",
    "sdnn_ms",
    "rmssd_5min_ms",
    "sdnn_5min_ms",
    "heart_rate_recovery_bpm",
    "coherence",
    "breathing_brpm",
    "cadence_spm",
    "step_time_cv",
    "step_asymmetry",
    "freeze_index",
    "activity_mps2",
    "sustained_ratio",
    "stillness_ratio",
    "suddenness_ratio",
    "weight_ratio",
    "tremor_ratio",
    "tilt_deg",
    "smoothness_sparc",
    "smoothness_ldlj",
    "movement_period_s",
    "signal_quality",
    "gap_s",
    "sample_rate_hz",
    "sample_jitter_ms",
    "clock_drift_ppm",
]
Event = Literal["beat", "step", "gesture", "swing"]
"""``swing`` is phase 0 of a repeated movement that isn't gait."""
Direction = Literal["up", "down", "sideways", "rotation"]
"""Where a gesture goes in the frame of gravity, as far as one accelerometer tells."""

Layer = Literal[
    "kick",
    "snare",
    "hat",
    "percussion",
    "bass",
    "chords",
    "pad",
    "melody",
    "accent",
    "click",
    "nature",
    "part_1",
    "part_2",
    "part_3",
    "part_4",
    "part_5",
    "part_6",
    "part_7",
    "part_8",
]
"""A voice of the arrangement; the style says which instrument plays it.

``nature`` has no notes: it sounds all the time and carries the swell. ``part_1`` to ``part_8``
belong to one wearer each, or to one axis of a movement.
"""

RejectReason = Literal[
    "empty",
    "too_short",
    "bad_length",
    "bad_block",
    "unknown_type",
    "unknown_characteristic",
    "unknown_sensor",
    "out_of_range",
    "duplicate",
    "out_of_order",
    "future_stamp",
]

Reason = Literal[
    "calibrating",
    "resting",
    "walking",
    "moving",
    "no_sensor",
    "stale_motion",
    "motion_lost",
    "paused",
    "heart_rate_high",
    "law_failed",
    "clock_jump",
    "time_limit",
    "stopped",
    "listening",
    "matching",
    "leading",
    "stepping_back",
    "freeze",
    "fading",
    "uncued",
    "settling",
    "pacing",
    "searching",
    "relaxing",
    "heart_rising",
    "meeting",
    "sloping",
    "waiting",
    "diverging",
    "journey",
    "holding",
    "returning",
    "together",
    "apart",
    "baseline",
    "working",
    "rewarded",
    "probing",
    "playing",
    "answering",
    "drawing",
]
"""Why the engine decided what it decided."""

Limit = Literal[
    "tempo_absolute",
    "tempo_band",
    "tempo_slew",
    "level_ceiling",
    "level_rise",
    "energy_rise",
    "frozen",
    "easing",
    "heart_rate_ceiling",
    "not_finite",
    "breath_pace",
]
"""A safety limit that changed a wish."""

NoticeCode = Literal[
    "sensor_joined",
    "sensor_left",
    "no_signal",
    "sensor_stale",
    "sensor_back",
    "contact_lost",
    "battery_low",
    "battery_empty",
    "rate_mismatch",
    "clipping",
    "off_body",
    "device_clock_reset",
    "heart_rate_suspect",
    "law_failed",
    "clock_jump",
    "sound_late",
    "link_lost",
    "link_often_lost",
    "sensor_in_use",
    "sensor_refused",
    "bluetooth_off",
    "firmware_changed",
    "gait_frozen",
]

LinkFact = Literal[
    "lost", "often_lost", "heard", "in_use", "refused", "bluetooth_off", "firmware_changed"
]
"""What happened to a sensor's link; ``heard``: a lost one is in the air again."""


class MusicParameters(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What music is asked to be at one instant; the columns of a curves file.

    ``energy density brightness articulation tension swell`` are 0..1, ``register`` is -1..1,
    ``level_db`` is at most 0 and relative to the programme's target loudness.
    ``articulation`` 0 is legato, 1 is staccato. ``swell`` is how deep loudness breathes,
    ``swell_brpm`` how often a minute. ``place`` moves the whole between left (-1) and right (1).
    """

    tempo_bpm: float
    energy: float
    density: float
    brightness: float
    articulation: float
    tension: float
    swell: float
    register: float
    level_db: float
    place: float = 0.0
    swell_brpm: float = 6.0


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one wearer (or one axis of a movement) does in the music, in the order of the parts.

    ``energy`` is 0..1, ``place`` -1 (left) to 1 (right).
    """

    energy: float
    place: float = 0.0


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    # Frozen facts can't form cycles, so the collector needn't look at millions of them.
    at_ns: int


# ---------------------------------------------------------------- inputs


class SensorAttached(_Fact, frozen=True, kw_only=True):
    """A sensor joined: its profile says how to read it, the site how to understand it.

    ``context`` is what a profile learns at the start of a stream (scale factors, ranges).
    """

    wearer: str
    sensor: str
    profile: str
    site: Site
    context: dict[str, float] = {}


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
    """A person's order: start, pause, resume or stop."""

    command: Literal["start", "pause", "resume", "stop"]


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
    is known of gestures only.
    """

    wearer: str
    sensor: str
    event: Event
    event_ns: int
    strength: float | None
    quality: float
    direction: Direction | None = None


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
    | PlayNote
    | SteerSound
    | StretchSong
    | StopSound
)
SoundOrder: TypeAlias = PlayNote | SteerSound | StretchSong | StopSound
Message: TypeAlias = Input | Output
