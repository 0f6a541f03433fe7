"""One invented session for all tests of the trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biofeedback.messages import (
    CommandGiven,
    DecisionMade,
    EventDetected,
    MeasureTaken,
    Message,
    MusicParameters,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
    PlayNote,
    SensorAttached,
    SensorDetached,
    SoundReported,
    StateChanged,
    SteerSound,
    StopSound,
    TimePassed,
)
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from biofeedback.trace.lines import TraceHeader

START_NS = 5_000_000_000
PARAMETERS = MusicParameters(
    tempo_bpm=100.5,
    energy=0.5,
    density=0.25,
    brightness=0.1,
    articulation=1.0,
    tension=0.0,
    swell=0.75,
    register=-0.5,
    level_db=-3.0,
)
SESSION: tuple[Message, ...] = (
    SensorAttached(
        at_ns=START_NS,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        profile="polar_h10",
        site="chest",
        context={"factor": 1.5},
    ),
    CommandGiven(at_ns=START_NS + 1, command="start"),
    StateChanged(at_ns=START_NS + 1, before="INIT", after="CALIBRATE", reason="calibrating"),
    PacketReceived(
        at_ns=START_NS + 500_000_000,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        characteristic="2a37",
        payload=b"\x00\x48\n\t",
    ),
    MeasureTaken(
        at_ns=START_NS + 500_000_000,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        measure="heart_rate_bpm",
        value=72.0,
        quality=0.9,
    ),
    EventDetected(
        at_ns=START_NS + 500_000_000,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        event="beat",
        event_ns=START_NS + 450_000_000,
        strength=None,
        quality=1.0,
    ),
    PacketReceived(
        at_ns=START_NS + 600_000_000,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        characteristic="2a25",
        payload=b"SERIAL-0815",
    ),
    PacketRejected(
        at_ns=START_NS + 600_000_000,
        wearer="anna",
        sensor="AA:BB:CC:DD:EE:FF",
        reason="unknown_characteristic",
        detail="anna's AA:BB:CC:DD:EE:FF told anna@example.org of a null",
    ),
    TimePassed(at_ns=START_NS + 1_000_000_000),
    DecisionMade(
        at_ns=START_NS + 1_000_000_000,
        state="RUN",
        reason="walking",
        wanted=PARAMETERS,
        allowed=PARAMETERS,
        limits_hit=("tempo_slew", "frozen"),
        input_age_ms=None,
        tempo_from_ns=START_NS + 1_100_000_000,
    ),
    PlayNote(
        at_ns=START_NS + 1_000_000_000,
        start_ns=START_NS + 1_250_000_000,
        duration_ns=125_000_000,
        layer="melody",
        pitch_midi=None,
        velocity=0.5,
        tick=720,
    ),
    SteerSound(
        at_ns=START_NS + 1_000_000_000,
        sequence=1,
        expires_ns=START_NS + 3_000_000_000,
        parameters=PARAMETERS,
        may_rise=True,
    ),
    NoticeGiven(at_ns=START_NS + 1_000_000_000, code="battery_low", wearer="anna"),
    SoundReported(
        at_ns=START_NS + 1_500_000_000,
        played_notes=1,
        late_notes=0,
        timing_error_ms=0.25,
        xruns=0,
        short_term_lufs=None,
        true_peak_dbtp=-3.5,
    ),
    SensorDetached(at_ns=START_NS + 2_000_000_000, wearer="anna", sensor="AA:BB:CC:DD:EE:FF"),
    StopSound(at_ns=START_NS + 2_000_000_000, fade_ms=500),
)


@pytest.fixture
def session() -> tuple[Message, ...]:
    """Every kind of message once."""
    return SESSION


@pytest.fixture
def header() -> TraceHeader:
    """A first line."""
    return make_header(
        settings={"seed": 7, "person": "Anna Example"},
        profiles={"polar_h10": {"rate_hz": 100.0}},
        source="ble:AA:BB:CC:DD:EE:FF",
        session_id="s1",
        start_monotonic_ns=START_NS,
    )


@pytest.fixture
def write_trace(tmp_path: Path, header: TraceHeader) -> Callable[..., Path]:
    """Write messages as a closed trace and return its path."""

    def write(messages: Sequence[Message] = SESSION, *, name: str = "a.trace.jsonl") -> Path:
        path = tmp_path / name
        with Journal(path, header) as journal:
            for message in messages:
                journal.record(message)
        return path

    return write
