"""What can be chosen about the sound, and what is told when it ends."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from biofeedback.messages import Layer  # noqa: TC001 - decoders read the types

DEFAULT_ORCHESTRA: dict[Layer, str] = {
    "kick": "kick",
    "snare": "snare",
    "hat": "hat",
    "bass": "bass",
    "chords": "electric_piano",
    "pad": "warm_pad",
    "melody": "flute",
    "accent": "bell",
}


class SongFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a song is, and what was measured of it when it was added."""

    path: str
    duration_s: float
    loudness_lufs: float


class SoundSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sound is rendered.

    ``orchestra`` says which instrument plays which layer; notes of other layers are ignored.
    ``block_frames`` is the size of a live block; ``file_block_frames`` that of a rendering, where
    latency doesn't matter. Smaller blocks answer sooner and cost more; the signals of larger ones
    don't fit into a processor's cache.
    ``device`` is a part of the device's name, None for the system's default. ``songs`` are the
    person's own, by the name that ``StretchSong`` calls them.
    """

    target_lufs: Annotated[float, Meta(ge=-40.0, le=-16.0)] = -23.0
    sample_rate_hz: Annotated[int, Meta(ge=22_050, le=96_000)] = 48_000
    block_frames: Annotated[int, Meta(ge=32, le=2048)] = 128
    file_block_frames: Annotated[int, Meta(ge=32, le=2048)] = 256
    tail_s: Annotated[float, Meta(ge=0.0, le=30.0)] = 3.0
    report_every_s: Annotated[float, Meta(ge=0.1, le=10.0)] = 1.0
    device: str | None = None
    orchestra: dict[Layer, str] = msgspec.field(default_factory=DEFAULT_ORCHESTRA.copy)
    songs: dict[str, SongFile] = {}


class SoundSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard, or written, in all.

    ``timing_error_ms`` and ``timing_error_p99_ms`` are distances between planned and actual
    starts, in the sound's own clock. ``output_latency_ms`` is what the device adds (live only).
    ``integrated_lufs`` and ``true_peak_dbtp`` are None for silence.
    ``restarts`` counts how often the sound had to begin again: the device came back, the synthesis
    was broken, or the sound process had died.
    ``failure`` tells in one line why the sound ended before its time.
    """

    seconds: float = 0.0
    integrated_lufs: float | None = None
    true_peak_dbtp: float | None = None
    played_notes: int = 0
    late_notes: int = 0
    dropped_notes: int = 0
    ignored_orders: int = 0
    timing_error_ms: float = 0.0
    timing_error_p99_ms: float = 0.0
    xruns: int = 0
    restarts: int = 0
    output_latency_ms: float | None = None
    file: str | None = None
    failure: str | None = None
