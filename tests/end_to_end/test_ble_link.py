"""An unmodified bleak client against virtual wearables: connect, start, decode, stop."""

from __future__ import annotations

import asyncio

from biofeedback.messages import SensorAttached
from tests.ble_stage import (
    BATTERY,
    HEART_RATE,
    PMD_CONTROL,
    PMD_DATA,
    START_ACC,
    STOP_ACC,
    make_peripheral,
    make_wanted,
    staged,
)


def test_an_h10_delivers_heart_rate_and_acceleration_and_is_stopped_at_the_end():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await stage.until(lambda: len(stage.packets(PMD_DATA)) >= 5)
            await stage.until(lambda: len(stage.packets(HEART_RATE)) >= 2)
            (status,) = stage.statuses
            assert (status.state, status.reason) == ("connected", None)
            assert status.found.battery_percent == 76
            assert status.found.mtu >= 232
            await stage.let_go()
            assert stage.radio.open_connections() == 0
            return stage

    stage = asyncio.run(play())
    (attached,) = stage.of(SensorAttached)
    assert attached.context == {"acc_rate_hz": 200.0, "acc_range_g": 8.0}
    assert stage.packets(BATTERY)[0].payload == b"\x4c"
    assert stage.packets(PMD_CONTROL)[0].payload[:4] == bytes.fromhex("f0020200")
    assert all(packet.payload[0] == 2 for packet in stage.packets(PMD_DATA))
    assert strap.requests == [START_ACC, STOP_ACC]
