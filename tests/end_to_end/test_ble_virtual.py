"""Virtual wearables seen by an unmodified bleak client: devices, transports, mishaps, taps."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import socket
import struct
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from bumble.controller import Controller
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket
from rich.console import Console

from biofeedback.ble.identify import load_bindings, load_key, pseudonym
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.scan import Listener
from biofeedback.ble.taps import find_by_taps
from biofeedback.cli.scan import bind_by_taps
from biofeedback.cli.virtual import be_wearable
from biofeedback.messages import NS_PER_S, PacketReceived, SensorAttached, SensorDetached
from biofeedback.simulate import packets
from biofeedback.virtual.air import Air
from biofeedback.virtual.mishaps import packet_faults, parse_mishap, strike_link
from biofeedback.virtual.pmd import ACC, Measurement, PmdControl
from tests.ble_stage import (
    HEART_RATE,
    HURRY,
    PMD_DATA,
    START_ACC,
    STOP_ACC,
    address_of,
    make_peripheral,
    make_wanted,
    staged,
)


class Taps:
    """A fault that is none: somebody knocks on the sensor at these times."""

    def __init__(self, *times_s: float) -> None:
        self._times_s = np.array(times_s)

    def strike(self, packet: PacketReceived):
        if packet.characteristic != packets.PMD_DATA_UUID:
            return (packet,)
        samples = np.frombuffer(packet.payload[10:], "<i2").reshape(-1, 3).astype(float)
        times_s = packet.at_ns / NS_PER_S - np.arange(len(samples))[::-1] / 200.0
        for tap_s in self._times_s:
            samples[:, 2] += 2500.0 * np.exp(-(((times_s - tap_s) / 0.015) ** 2))
        knocked = np.clip(samples, -8000, 8000).astype("<i2").tobytes()
        return (msgspec.structs.replace(packet, payload=packet.payload[:10] + knocked),)


def test_a_plain_strap_delivers_heart_rate_and_rr_and_needs_no_start():
    strap = make_peripheral("sig_hrs")

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 5)
            return stage

    stage = asyncio.run(play())
    payloads = [packet.payload for packet in stage.packets(HEART_RATE)]
    assert any(payload[0] & 0x10 for payload in payloads)
    assert all(30 < payload[1] < 200 for payload in payloads)
    assert strap.requests == []


def test_a_verity_sense_streams_compressed_movement_in_sdk_mode_and_leaves_it():
    band = make_peripheral("polar_verity_sense", site="arm", scenario="rest")

    async def play():
        async with staged(band) as stage:
            stage.keep(make_wanted(profile="polar_verity_sense", rates_hz={"acceleration": 416.0}))
            await stage.more(PMD_DATA, 4)
            assert band.device.control.sdk_mode
            assert not stage.packets(HEART_RATE)
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    (attached,) = stage.of(SensorAttached)
    assert attached.context["acc_rate_hz"] == 416.0
    assert all(packet.payload[9] == 0x81 for packet in stage.packets(PMD_DATA))
    assert [request.hex()[:4] for request in band.requests] == ["0209", "0202", "0302", "0309"]


def test_an_oh1_that_refuses_the_rate_of_a_verity_sense_gets_its_own():
    band = make_peripheral("polar_verity_sense", site="arm")
    band.device.control = PmdControl(
        features=b"\x0f\x0e",
        measurements={ACC: Measurement(rates_hz=(50,), resolution_bits=16, ranges=(8,))},
        in_sdk_mode=None,
        min_mtu=70,
    )

    async def play():
        async with staged(band) as stage:
            stage.keep(make_wanted(profile="polar_verity_sense"))
            await stage.more(PMD_DATA, 3)
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    assert [request.hex()[:10] for request in band.requests] == ["0202000134", "0202000132", "0302"]
    assert stage.packets(PMD_DATA)


def test_scripted_mishaps_happen_and_are_survived():
    script = ["silence@20+4", "drop@40", "device_stop@55", "battery:15@60", "clock_2019@65"]
    mishaps = [parse_mishap(text) for text in script]
    strap = make_peripheral(faults=packet_faults(mishaps), speed_ratio=20.0)

    async def play():
        async with staged(strap) as stage:
            striking = asyncio.create_task(strike_link(strap, mishaps))
            stage.keep(make_wanted())
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await striking
            await stage.until(lambda: strap.now_s() > 68)
            await stage.more(PMD_DATA, 3)
            assert status.losses == 1
            assert status.found.battery_percent == 15
            return stage

    stage = asyncio.run(play())
    assert strap.requests.count(START_ACC) == 3
    stamps = [struct.unpack_from("<Q", packet.payload, 1)[0] for packet in stage.packets(PMD_DATA)]
    assert sum(b < a for a, b in pairwise(stamps)) == 1
    assert stamps[-1] < packets.DEVICE_EPOCH_NS + 60 * NS_PER_S


def test_a_wearable_behind_a_transport_is_like_one_on_the_virtual_link():
    strap = make_peripheral()

    async def play():
        async with staged() as stage:
            listening = socket.create_server(("127.0.0.1", 0))
            port = listening.getsockname()[1]
            server = await open_tcp_server_transport_with_socket(listening)
            Controller(
                "far", host_source=server.source, host_sink=server.sink, link=stage.radio.air
            )
            spoken = Console(record=True, width=120, file=io.StringIO())
            transport = f"tcp-client:127.0.0.1:{port}"
            being = asyncio.create_task(
                be_wearable(strap, [], transport, address_of(1), None, spoken)
            )
            stage.keep(make_wanted())
            await stage.more(PMD_DATA, 3)
            await stage.let_go()
            being.cancel()
            await asyncio.gather(being, return_exceptions=True)
            server.server.close()
            await server.close()
            return spoken.export_text()

    assert "is in the air" in asyncio.run(play())


def test_three_taps_find_the_right_one_of_three_that_look_alike_and_bind_it(tmp_path):
    taps_s = (2.0, 2.6, 3.3)
    straps = [
        make_peripheral(
            name="Polar H10",
            seed=n,
            scenario="rest",
            speed_ratio=1.0,
            faults=[Taps(*taps_s)] if n == 2 else [],
        )
        for n in (1, 2, 3)
    ]

    async def play():
        async with staged(*straps) as stage:
            console = Console(file=io.StringIO(), record=True)
            binding = await bind_by_taps(
                "Polar H10", "mia", 0.2, backend=stage.backend, folder=tmp_path, console=console
            )
            assert "three times" in console.export_text()
            assert stage.radio.open_connections() == 0
            return binding

    binding = asyncio.run(play())
    assert binding.address == pseudonym(load_key(tmp_path), address_of(2))
    assert load_bindings(tmp_path).sensors == (binding,)
    assert binding.wearer == "mia"


def test_sensors_of_one_name_get_their_own_packets_also_at_connection_events():
    straps = [make_peripheral(name="Polar H10", seed=n) for n in (1, 2)]
    for strap in straps:
        strap.keep_sent = True

    async def play():
        async with staged(*straps, air=Air(connection_interval_s=0.03)) as stage:
            stage.keep(make_wanted(1), make_wanted(2, wearer="p2"))
            for wearer in ("p1", "p2"):
                await stage.until(
                    lambda wearer=wearer: len(stage.packets(PMD_DATA, wearer=wearer)) >= 4
                )
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    assert [status.losses for status in stage.statuses] == [0, 0]
    # Both stops leave at the same event: each strap gets its own.
    assert [strap.requests for strap in straps] == [[START_ACC, STOP_ACC]] * 2
    for strap, wearer in zip(straps, ("p1", "p2"), strict=True):
        sent = [payload for uuid, _, payload in strap.sent if uuid == PMD_DATA]
        heard = [packet.payload for packet in stage.packets(PMD_DATA, wearer=wearer)]
        assert heard == sent[: len(heard)]


def test_nobody_taps_and_nothing_is_bound():
    straps = [make_peripheral(name="Polar H10", seed=n, scenario="rest") for n in (1, 2)]

    async def play():
        async with staged(*straps) as stage:
            return await find_by_taps(
                [make_wanted(1), make_wanted(2)],
                backend=stage.backend,
                pace=HURRY,
                timeout_s=1.5,
                on_ready=lambda: None,
            )

    with pytest.raises(SensorFailure, match="2 of 2") as failure:
        asyncio.run(play())
    assert failure.value.reason is Reason.AMBIGUOUS


def test_sensors_without_movement_can_not_be_told_by_taps():
    with pytest.raises(SensorFailure, match="no movement"):
        asyncio.run(
            find_by_taps(
                [make_wanted(1, "sig_hrs")],
                backend=None,
                pace=HURRY,
                timeout_s=1.0,
                on_ready=lambda: None,
            )
        )


def test_one_sensor_can_join_late_and_leave_early_while_another_stays():
    first, second = make_peripheral(), make_peripheral("sig_hrs", serial="2", seed=2)

    async def play():
        async with staged(first) as stage:
            stage.keep(make_wanted(1), make_wanted(2, "sig_hrs", wearer="p2"))
            await stage.more(PMD_DATA, 3)
            await second.start_in(stage.radio.air, address=address_of(2))
            await stage.more(HEART_RATE, 1)
            await stage.until(lambda: bool(stage.of(PacketReceived, wearer="p2")))
            await second.stop()
            await stage.more(PMD_DATA, 5)
            assert stage.statuses[0].losses == 0
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    assert {m.sensor for m in stage.of(SensorDetached)} == {"polar_h10-1", "sig_hrs-2"}


def test_many_connects_and_disconnects_leak_no_task_client_or_file():
    strap = make_peripheral("sig_hrs")

    async def play():
        async with staged(strap) as stage:
            counts = []
            for _ in range(12):
                stage.keep(make_wanted(profile="sig_hrs"))
                await stage.more(HEART_RATE, 1)
                await stage.let_go()
                stage.start_again()
                stage.radio.clients.clear()
                gc.collect()
                counts.append((len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))))  # noqa: PTH208
                assert stage.radio.open_connections() == 0
                assert not stage.radio.scanners
            return counts

    counts = asyncio.run(play())
    assert max(counts[6:]) <= max(counts[:6])


def test_a_listener_serves_everybody_with_one_scan_and_ends_it():
    straps = [make_peripheral(serial=str(n), seed=n) for n in (1, 2)]

    async def play():
        async with staged(*straps) as stage:
            listener = Listener(stage.backend)

            def is_number(number):
                return lambda seen: seen.address == address_of(number)

            found = await asyncio.gather(
                *(listener.wait_for(is_number(n), timeout_s=5.0) for n in (1, 2)),
                listener.wait_for(is_number(9), timeout_s=0.1),
            )
            assert [seen and seen.name for seen in found] == ["Polar H10 1", "Polar H10 2", None]
            assert not stage.radio.scanners

    asyncio.run(play())
