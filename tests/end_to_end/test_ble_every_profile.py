"""An unmodified bleak client hears of each wearable what the body behind it did."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from biofeedback.decode.plain import UNITS
from biofeedback.decode.profile import find_stream
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import PacketReceived, PacketRejected, SensorAttached
from biofeedback.profiles import list_profiles, load_profile
from biofeedback.samples import (
    AccelerationBlock,
    CadenceReading,
    HeartReading,
    OpticalBlock,
    OxygenReading,
)
from biofeedback.virtual.encoders import SPO2_PERCENT
from biofeedback.virtual.wearables import DEVICES
from tests.ble_stage import make_peripheral, make_wanted, staged

STREAMS = frozenset({"acceleration", "heart_rate", "oxygen", "ppg"})
DESCRIBED = sorted(p.name for p in list_profiles() if p.name not in DEVICES)
QUANTA_MPS2 = {"colmi_ring": 9.81 / 512, "banglejs": 9.81 / 1000, "microbit": 9.81 / 1000}
"""The steps of the coarse ones; all others are finer than a thousandth of a g."""


def is_fast(profile) -> bool:
    if profile.match.manufacturers:
        # Each value is advertised a few times before the next one takes its place.
        return True
    stream = find_stream(profile, "acceleration")
    return stream is not None and (stream.rate_hz or 0) > 5


async def play(name: str):
    profile = load_profile(name)
    kinds = {stream.name for stream in profile.streams}
    wearable = make_peripheral(
        name, site=profile.sites[0], speed_ratio=5.0 if is_fast(profile) else 40.0
    )
    async with staged(wearable) as stage:
        wanted = make_wanted(profile=name, streams=STREAMS, first_data_within_s=5.0)
        stage.keep(wanted)
        told = wearable.device.senses.told
        for what in kinds & {"acceleration", "heart_rate", "cadence"}:
            await stage.until(
                lambda what=what: len([part for part in told if part.what == what]) >= 4
            )
        uuids = wanted.data_characteristics()
        seen = len([m for m in stage.of(PacketReceived) if m.characteristic in uuids])
        await stage.until(
            lambda: (
                len([m for m in stage.of(PacketReceived) if m.characteristic in uuids]) >= seen + 6
            )
        )
    # Not before the end: packets come until the sensor is let go.
    return stage, list(told)


def decoded_parts(stage):
    (attached, *_) = stage.of(SensorAttached)
    decoder = SensorDecoder(load_profile(attached.profile), attached.context)
    return [part for packet in stage.of(PacketReceived) for part in decoder.update(packet)]


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_a_virtual_wearable_felt_is_what_is_decoded(name: str) -> None:
    stage, told = asyncio.run(play(name))
    parts = decoded_parts(stage)
    assert [part for part in parts if isinstance(part, PacketRejected)] == []
    profile = load_profile(name)
    compared = 0
    blocks = [part for part in parts if isinstance(part, AccelerationBlock)]
    if blocks:
        stream = find_stream(profile, "acceleration")
        least = QUANTA_MPS2.get(name, UNITS["acceleration"]["g"] / 1000)
        felt = np.concatenate([part.values for part in told if part.what == "acceleration"])
        got = np.concatenate([block.acceleration_mps2 for block in blocks])
        compared += len(got)
        assert stream is not None
        assert len(got) <= len(felt)
        assert np.abs(got - felt[: len(got)]).max() <= least
    for kind, what, value_of in (
        (HeartReading, "heart_rate", lambda part: part.heart_rate_bpm),
        (CadenceReading, "cadence", lambda part: part.cadence_per_min),
    ):
        got = [value_of(part) for part in parts if isinstance(part, kind)]
        felt = [float(part.values[0]) for part in told if part.what == what]
        if name == "mi_band_advertised":
            # What is advertised is heard from somewhere on, and often twice.
            assert set(got) <= set(felt)
        else:
            assert got == pytest.approx(felt[: len(got)])
        compared += len(got)
    light = [part for part in parts if isinstance(part, OpticalBlock)]
    if light:
        felt = np.concatenate([part.values for part in told if part.what == "ppg"])
        got = np.concatenate([block.ppg[:, 0] for block in light])
        assert set(got) <= set(felt)
        compared += len(got)
    oxygen = {part.spo2_percent for part in parts if isinstance(part, OxygenReading)}
    assert oxygen <= {SPO2_PERCENT, None}
    assert compared >= 2
