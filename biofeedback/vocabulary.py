"""The closed sets of words that facts are told in: measures, layers, reasons, limits, notices.

What isn't among them doesn't exist: a trace with another word is of another version.
"""

from __future__ import annotations

from typing import Literal

Site = Literal["chest", "waist", "pocket", "wrist", "ankle", "arm", "unknown"]
"""Where on the body a sensor sits. ``waist`` includes the lower back, ``ankle`` the shoe, ``wrist``
the hand; ``pocket`` is that of trousers, which goes with the thigh."""

Side = Literal["left", "right"]
Axis = Literal["x", "y", "z", "-x", "-y", "-z"]
"""A direction in the frame of a sensor."""

SessionState = Literal["INIT", "CALIBRATE", "RUN", "HOLD", "EASE", "STOP"]

Command = Literal["start", "pause", "resume", "skip", "stop"]
"""What a person orders; ``skip`` ends the phase of a plan."""

Key = Literal["tap", "hold", "go_on", "next", "pain", "accept", "reject", "up", "down"]
"""What a person at the keys says: a tap in time, hold the music, go on, the next solo or slot,
this hurts, keep or discard what was just drawn, a little faster or slower."""

Rating = Literal[
    "tension", "mood", "pain", "tiredness", "effort", "cohesion", "ownership", "closeness"
]
"""What is rated before and after: 0 to 10, effort 6 to 20. ``cohesion`` is how much a group feels
together, ``ownership`` how much a song is one's own, ``closeness`` how near the title is."""

Check = Literal["consent", "nothing_against", "room"]
"""What is asked before a start: consent; that none of the plan's reasons against it applies; that
there is free room to move."""

Question = Literal[Rating, Check, "symptoms"]
"""What may be asked. ``symptoms``: pain, dizziness, breathlessness, or feeling unwell."""

PhaseKind = Literal["checks", "ratings", "rest", "work", "uncued", "cool_down"]
"""What a phase is for; the program itself adds checks and ratings."""

PhaseEnd = Literal["begun", "time", "criterion", "key", "answered", "skipped", "limit_near", "over"]
"""Why a phase ended and the next began; ``limit_near``: the cool-down had to begin."""

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
    "site_confidence",
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
    "counter",
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

``counter`` answers the melody or takes it over. ``nature`` has no notes: it sounds all the time and
carries the swell. ``part_1`` to ``part_8`` belong to one wearer each, or to one axis of a movement.
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
    "asking",
    "symptoms",
    "finished",
    "refused",
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
    "site_found",
    "site_unknown",
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
    "song_out_of_reach",
    "song_passed_over",
    "gait_frozen",
]

LinkFact = Literal[
    "lost", "often_lost", "heard", "in_use", "refused", "bluetooth_off", "firmware_changed"
]
"""What happened to a sensor's link; ``heard``: a lost one is in the air again."""
