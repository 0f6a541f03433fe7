"""Music for somebody whose only sensor counts by itself: a foot pod, a bike."""

from __future__ import annotations

import struct

import pytest

from biofeedback.app import make_engine
from biofeedback.messages import (
    NS_PER_S,
    CommandGiven,
    DecisionMade,
    PacketReceived,
    SensorAttached,
    StateChanged,
)
from biofeedback.settings import Settings


def play(profile: str, characteristic: str, payloads: list[bytes]):
    engine = make_engine(Settings(calibrate_s=2.0))
    known = {"wearer": "p1", "sensor": "s"}
    outputs = engine.handle(CommandGiven(at_ns=0, command="start"))
    outputs += engine.handle(
        SensorAttached(at_ns=0, profile=profile, site="unknown", context={}, **known)
    )
    for second, payload in enumerate(payloads, 1):
        outputs += engine.handle(
            PacketReceived(
                at_ns=second * NS_PER_S, characteristic=characteristic, payload=payload, **known
            )
        )
    states = [output.after for output in outputs if isinstance(output, StateChanged)]
    return states, [output for output in outputs if isinstance(output, DecisionMade)]


def walking(spm: int) -> bytes:
    return struct.pack("<BHB", 0, round(spm / 60 * 0.7 * 256), spm)


def pedalling(rpm: float) -> bytes:
    return struct.pack("<HHH", 0x0004, 2000, round(rpm * 2))


@pytest.mark.parametrize(
    ("profile", "characteristic", "payload"),
    [
        ("sig_rsc", "00002a53-0000-1000-8000-00805f9b34fb", walking(100)),
        ("ftms_bike", "00002ad2-0000-1000-8000-00805f9b34fb", pedalling(50)),
    ],
)
def test_the_tempo_goes_to_the_cadence_that_is_told(profile, characteristic, payload):
    states, decisions = play(profile, characteristic, [payload] * 60)
    assert states == ["CALIBRATE", "RUN"]
    assert decisions[-1].reason == "walking"
    assert decisions[-1].allowed.tempo_bpm == pytest.approx(100.0, abs=0.5)


def test_the_music_settles_when_the_pedals_stand():
    packets = [pedalling(50)] * 40 + [pedalling(0)] * 40
    states, decisions = play("ftms_bike", "00002ad2-0000-1000-8000-00805f9b34fb", packets)
    assert states == ["CALIBRATE", "RUN"]
    assert decisions[-1].reason == "resting"
    assert decisions[-1].allowed.tempo_bpm < 90
