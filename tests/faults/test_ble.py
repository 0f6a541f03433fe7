"""Rows F01-F22 of the fault catalogue: a real bleak client, virtual wearables, forced faults.

Time limits are scaled down (``HURRY``) and the body's time runs ten times as fast, so that no test
waits for a real half minute. What only BlueZ, macOS or a person can do (a killed bluetoothd, an
adapter that is pulled out) is forced at the border to bleak.
"""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import replace

import msgspec
import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
)

from biofeedback.ble.choose import choose, list_candidates, parse_choice
from biofeedback.ble.identify import (
    Binding,
    Bindings,
    load_bindings,
    load_key,
    pseudonym,
    save_bindings,
)
from biofeedback.ble.pace import BackOff, Pace
from biofeedback.ble.reasons import (
    NEXT_STEPS,
    Reason,
    SensorFailure,
    explain,
    explain_adapter,
    permission_step,
)
from biofeedback.ble.scan import Listener
from biofeedback.ble.source import MOST_SENSORS, BleSource
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import LinkReported, PacketReceived, PacketRejected, SensorAttached
from biofeedback.profiles import list_profiles, load_profile
from biofeedback.samples import AccelerationBlock, HeartReading
from biofeedback.simulate.faults import ContactLost
from biofeedback.virtual.air import Air
from biofeedback.virtual.pmd import ACC
from tests.ble_stage import (
    BATTERY,
    HEART_RATE,
    HURRY,
    PMD_CONTROL,
    PMD_DATA,
    START_ACC,
    STOP_ACC,
    address_of,
    make_peripheral,
    make_wanted,
    staged,
)
from tests.bleak_on_bumble import Radio

IN_PROGRESS = "org.bluez.Error.InProgress"


async def streaming(stage) -> None:
    await stage.more(PMD_DATA, 3)
    await stage.more(HEART_RATE, 1)


async def comes_back(stage) -> None:
    """Wait until the only sensor is connected and delivers again."""
    (status,) = stage.statuses
    await stage.until(lambda: status.state == "connected")
    await stage.more(PMD_DATA, 3)


def decode_all(stage) -> list:
    decoders, decoded = {}, []
    for message in stage.messages:
        if isinstance(message, SensorAttached):
            profile = next(p for p in list_profiles() if p.name == message.profile)
            decoders[message.sensor] = SensorDecoder(profile, message.context)
        elif isinstance(message, PacketReceived):
            decoded += decoders[message.sensor].update(message)
    return decoded


def test_F01_a_dropped_link_comes_back_in_the_same_session_and_leaves_a_gap():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            await strap.hang_up()
            (status,) = stage.statuses
            await stage.until(lambda: status.losses == 1)
            assert status.reason in {Reason.DROPPED, None}
            before = len(stage.packets(PMD_DATA))
            await comes_back(stage)
            return stage, before

    stage, before = asyncio.run(play())
    attached = stage.of(SensorAttached)
    assert [message.sensor for message in attached] == ["polar_h10-1"] * 2
    assert len({(m.wearer, m.sensor) for m in stage.of(PacketReceived)}) == 1
    arrivals = [packet.at_ns for packet in stage.packets(PMD_DATA)]
    assert arrivals[before - 1] < attached[1].at_ns < arrivals[before]
    assert [message.link for message in stage.of(LinkReported)] == ["lost", "heard"]


def test_F01_attempts_are_further_and_further_apart_with_jitter_up_to_fifteen_seconds():
    back_off = BackOff(Pace(), random.Random(1))  # noqa: S311 - jitter, no secret
    nominal_s = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    delays_s = [back_off.next_s() for _ in nominal_s]
    assert all(0.8 * n <= d <= 1.2 * n for n, d in zip(nominal_s, delays_s, strict=True))
    assert len(set(delays_s)) == len(delays_s)
    back_off.reset()
    assert back_off.next_s() <= 0.3


def test_F01_a_sensor_out_of_range_for_long_is_back_at_its_first_advertisement():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            strap.leave(timeout_s=0.1)
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.NOT_FOUND)
            strap.come_back()
            before = stage.radio.connects
            await comes_back(stage)
            assert stage.radio.connects == before + 1

    asyncio.run(play())


def test_F02_half_a_packet_is_refused_and_no_sample_is_invented():
    strap = make_peripheral()
    strap.keep_sent = True

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            strap.cut_next_packet()
            (status,) = stage.statuses
            await stage.until(lambda: status.losses == 1)
            await comes_back(stage)
            return stage

    stage = asyncio.run(play())
    whole = {payload for _, _, payload in strap.sent}
    cut = [p for p in stage.of(PacketReceived) if p.payload not in whole]
    cut = [p for p in cut if p.characteristic in {PMD_DATA, HEART_RATE}]
    assert len(cut) == 1
    decoded = decode_all(stage)
    blocks = [block for block in decoded if isinstance(block, AccelerationBlock)]
    if cut[0].characteristic == PMD_DATA:
        assert len([item for item in decoded if isinstance(item, PacketRejected)]) == 1
    assert {len(block.times_ns) for block in blocks} == {36}


def test_F03_silence_ends_a_link_whose_disconnect_callback_never_comes():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            stage.radio.report_disconnects = False
            await strap.hang_up()
            (status,) = stage.statuses
            await stage.until(lambda: status.losses == 1)
            assert stage.radio.clients[0].is_connected  # so it says, for ever
            stage.radio.report_disconnects = True
            await comes_back(stage)
            assert len({id(client) for client in stage.radio.clients}) == len(stage.radio.clients)
            assert len(stage.radio.clients) >= 2

    asyncio.run(play())


def test_F03_a_disconnect_that_hangs_is_given_up_and_a_new_client_takes_over():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            stage.radio.disconnect_hangs = True
            strap.leave(timeout_s=0.05)
            (status,) = stage.statuses
            await stage.until(lambda: status.losses == 1)
            strap.come_back()
            await comes_back(stage)
            stage.radio.disconnect_hangs = False

    asyncio.run(play())


def test_F04_a_connect_that_never_returns_is_cancelled_and_tried_again():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.radio.connect_hangs = True
            before = len(asyncio.all_tasks())
            stage.keep(make_wanted(), pace=replace(HURRY, connect_s=0.1))
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.CONNECT_TIMEOUT)
            stage.radio.connect_hangs = False
            await stage.until(lambda: status.attempts > 2 or status.state == "connected")
            await stage.let_go()
            assert stage.radio.open_connections() == 0
            assert len(asyncio.all_tasks()) <= before + 1  # the peripheral's own stream at most

    asyncio.run(play())


def test_F05_a_system_that_is_busy_is_asked_again_and_the_next_step_is_plain():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.radio.connect_errors = [BleakDBusError(IN_PROGRESS, []) for _ in range(3)]
            stage.keep(make_wanted())
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.IN_PROGRESS)
            assert "switch Bluetooth off and on" in status.words()
            await comes_back(stage)
            assert stage.radio.connects == 4

    asyncio.run(play())


def test_F06_bluetooth_switched_off_is_told_and_the_sensor_returns_when_it_is_on():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            await stage.radio.switch_off()
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.BLUETOOTH_OFF)
            connects = stage.radio.connects
            assert "switch it on" in status.words()
            stage.radio.powered = True
            await comes_back(stage)
            assert stage.radio.connects == connects + 1

    asyncio.run(play())


@pytest.mark.parametrize(
    "error",
    [EOFError(), BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", [])],
    ids=["socket closed", "service unknown"],
)
def test_F07_a_lost_bluetooth_service_is_a_loss_that_is_recovered_from(error):
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            stage.radio.connect_errors = [error]
            await strap.hang_up()
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.BLUETOOTH_GONE)
            await comes_back(stage)

    asyncio.run(play())


def test_F08_a_sensor_without_its_services_is_asked_once_more_and_then_refused():
    strap = make_peripheral(leave_out=["fb005c80-02e7-f387-1cad-8acd2d8df0c8"])

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.state == "refused")
            assert status.reason is Reason.NOT_SUPPORTED
            assert stage.radio.connects == 2
            assert stage.radio.open_connections() == 0
            assert not stage.of(SensorAttached)

    asyncio.run(play())


def test_F09_a_silent_subscription_is_made_anew_once_and_then_the_link():
    strap = make_peripheral("sig_hrs")
    strap.mute = True

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs", first_data_within_s=0.8))
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.SILENT)
            # Heart rate and battery on, heart rate off and on again.
            assert strap.subscriptions == 4
            assert stage.radio.connects == 1
            strap.mute = False
            await stage.until(lambda: status.state == "connected")
            await stage.more(HEART_RATE, 2)

    asyncio.run(play())


def test_F10_a_small_mtu_refuses_the_stream_that_needs_more_and_keeps_the_rest():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            strap.refuse_mtu()
            stage.keep(make_wanted())
            await stage.more(HEART_RATE, 2)
            (status,) = stage.statuses
            assert status.found.mtu == 23
            refused = status.found.refused["acceleration"]
            assert refused.reason is Reason.MTU_TOO_SMALL
            assert "too small" in str(refused)
            return stage

    stage = asyncio.run(play())
    assert not stage.packets(PMD_DATA)
    assert stage.packets(PMD_CONTROL)[0].payload == bytes.fromhex("f002020a")


def test_F11_an_empty_notification_is_counted_and_ignored():
    strap = make_peripheral("sig_hrs")

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 1)
            strap.send(HEART_RATE, b"")
            await stage.until(lambda: any(not p.payload for p in stage.packets(HEART_RATE)))
            await stage.more(HEART_RATE, 1)
            return stage

    stage = asyncio.run(play())
    rejected = [item for item in decode_all(stage) if isinstance(item, PacketRejected)]
    assert [item.reason for item in rejected] == ["empty"]


def test_F12_a_strap_off_the_skin_says_so_and_its_stale_heart_rate_is_marked():
    strap = make_peripheral("sig_hrs", faults=[ContactLost(from_s=5.0, to_s=1e6)])

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.until(
                lambda: any(p.payload[0] & 6 == 4 for p in stage.packets(HEART_RATE)[:-2])
            )
            return stage

    readings = [r for r in decode_all(asyncio.run(play())) if isinstance(r, HeartReading)]
    off = [reading for reading in readings if reading.contact is False]
    assert len(off) >= 2
    assert len({reading.heart_rate_bpm for reading in off}) == 1
    assert not any(reading.rr_ms for reading in off)


def test_F13_a_strap_that_was_taken_off_ends_its_link_and_is_asked_about_without_a_word_of_error():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            (status,) = stage.statuses
            strap.leave(timeout_s=10.0)
            await strap.hang_up()
            await stage.until(lambda: status.losses == 1)
            assert "taken off" in status.words()
            assert "error" not in status.words()
            assert [m.link for m in stage.of(LinkReported)] == ["lost"]

    asyncio.run(play())


@pytest.mark.parametrize(("level", "known"), [(76, 76), (20, 20), (10, 10), (255, None)])
def test_F14_a_battery_that_lasts_or_is_unknown_stops_nobody(level, known):
    strap = make_peripheral("sig_hrs")
    strap.device.values[BATTERY] = bytes((level,))

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 1)
            assert stage.statuses[0].found.battery_percent == known

    asyncio.run(play())


@pytest.mark.parametrize("level", [9, 0])
def test_F14_a_nearly_empty_battery_blocks_the_start_unless_somebody_insists(level):
    strap = make_peripheral("sig_hrs")
    strap.device.values[BATTERY] = bytes((level,))

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.until(lambda: bool(stage.statuses))
            await stage.until(lambda: stage.statuses[0].state == "refused")
            assert stage.statuses[0].reason is Reason.BATTERY_EMPTY
            assert f"{level} %" in stage.statuses[0].words()
            assert not stage.packets(HEART_RATE)
            stage.keep(make_wanted(profile="sig_hrs", even_if_empty=True))
            await stage.more(HEART_RATE, 1)

    asyncio.run(play())


def test_F14_a_battery_that_can_not_be_read_is_unknown():
    strap = make_peripheral("sig_hrs")
    strap.unreadable.add(BATTERY)

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 1)
            assert stage.statuses[0].found.battery_percent is None

    asyncio.run(play())


def test_F15_of_three_sensors_with_one_name_none_is_chosen_and_none_connected(tmp_path):
    straps = [make_peripheral(name="Polar H10", seed=n) for n in (1, 2, 3)]
    key = load_key(tmp_path)

    async def play():
        async with staged(*straps) as stage:
            seen = await Listener(stage.backend).collect(0.3)
            candidates = list_candidates(seen, list_profiles(), key=key, bindings=Bindings())
            assert len(candidates) == 3
            for text in ("Polar H10", "polar", "polar_h10", ""):
                with pytest.raises(SensorFailure) as failure:
                    choose([parse_choice(text)], candidates)
                assert failure.value.reason is Reason.AMBIGUOUS
                assert str(failure.value).count("dBm") == 3
            assert stage.radio.connects == 0
            (one,) = choose([parse_choice(address_of(2))], candidates)
            assert one.address == address_of(2)

    asyncio.run(play())


def test_F16_a_new_address_is_known_by_the_serial_and_only_pseudonyms_are_stored(tmp_path):
    key = load_key(tmp_path)
    address, serial = "C0:FF:EE:00:00:07", "A1B2C3D4"
    binding = Binding(
        wearer="p1",
        address=pseudonym(key, address),
        serial=pseudonym(key, serial),
        profile="polar_h10",
        site="chest",
    )
    save_bindings(tmp_path, Bindings(sensors=(binding,)))
    known = load_bindings(tmp_path)
    assert known.of_address(pseudonym(key, "C0:FF:EE:00:00:08")) is None
    assert known.of_serial(pseudonym(key, serial)) == binding
    same, owner = known.learn(
        pseudonym(key, "C0:FF:EE:00:00:08"), serial=pseudonym(key, serial), firmware="1.0"
    )
    assert (same, owner) == (known, "p1")
    learned, owner = known.learn(pseudonym(key, address), serial=None, firmware="1.0")
    assert (learned.sensors[0].firmware, learned.sensors[0].serial, owner) == (
        "1.0",
        pseudonym(key, serial),
        None,
    )
    moved = known.with_sensor(replace_address(binding, pseudonym(key, "C0:FF:EE:00:00:08")))
    assert len(moved.sensors) == 1
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert address.encode() not in content
        assert serial.encode() not in content
        assert file.stat().st_mode & 0o777 == 0o600


def test_F16_a_strap_with_a_new_address_is_recognised_by_the_serial_it_tells(tmp_path):
    key = load_key(tmp_path)
    binding = Binding(
        wearer="mia",
        address=pseudonym(key, address_of(9)),
        serial=pseudonym(key, "A1B2C3D4"),
        profile="sig_hrs",
        site="chest",
    )
    strap = make_peripheral("sig_hrs", serial="A1B2C3D4")

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 1)
            return stage

    stage = asyncio.run(play())
    serial = stage.statuses[0].found.serial
    before = Bindings(sensors=(binding,))
    after, owner = before.learn(
        pseudonym(key, address_of(1)), serial=pseudonym(key, serial), firmware="1.0"
    )
    assert (after, owner) == (before, "mia")
    told = repr(stage.messages)
    assert "A1B2C3D4" not in told
    assert address_of(1) not in told


def replace_address(binding: Binding, address: str) -> Binding:
    return Binding(
        wearer=binding.wearer,
        address=address,
        serial=binding.serial,
        profile=binding.profile,
        site=binding.site,
    )


def test_F17_a_sensor_that_another_program_holds_is_not_hammered():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            error = BleakDBusError("org.bluez.Error.NotPermitted", [])
            stage.radio.connect_errors = [error]
            stage.keep(make_wanted())
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.IN_USE)
            assert "in use by another app" in status.words()
            begin_s = asyncio.get_running_loop().time()
            await comes_back(stage)
            waited_s = asyncio.get_running_loop().time() - begin_s
            assert waited_s > 0.9 * HURRY.in_use_delay_s

    asyncio.run(play())


def test_F17_a_sensor_connected_elsewhere_is_not_in_the_air_until_it_is_let_go():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            other = await Radio(stage.radio.air, address="F0:F1:F2:F3:F4:F6").start()
            device = await other.device.connect(strap_address(), timeout=5)
            stage.keep(make_wanted())
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.NOT_FOUND)
            assert "other apps" in status.words()
            await device.disconnect()
            await comes_back(stage)
            await other.stop()

    asyncio.run(play())


def strap_address() -> str:
    return f"{address_of(1)}"


def test_F18_the_third_loss_in_a_short_time_asks_about_another_phone():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await stage.more(PMD_DATA, 2)
            (status,) = stage.statuses
            reasons = []
            for losses in (1, 2, 3):
                await stage.more(PMD_DATA, 2)
                strap.leave(timeout_s=0.02)
                await stage.until(lambda losses=losses: status.losses == losses)
                await stage.until(lambda: status.reason is not None)
                reasons.append(status.reason)
                strap.come_back()
                await stage.until(lambda: status.state == "connected")
            assert reasons[2] is Reason.OFTEN_DROPPED
            assert "another app or phone" in NEXT_STEPS[reasons[2]]
            told = [message.link for message in stage.of(LinkReported)]
            assert told == ["lost", "heard", "lost", "heard", "often_lost", "heard"]

    asyncio.run(play())


def test_F19_a_third_of_the_air_lost_delays_packets_but_loses_and_reorders_none():
    air = Air(connection_interval_s=0.01, loss_ratio=0.3, rng=random.Random(1))  # noqa: S311 - no secret
    strap = make_peripheral()
    strap.keep_sent = True

    async def play():
        async with staged(strap, air=air) as stage:
            stage.keep(make_wanted())
            await stage.more(PMD_DATA, 40)
            return stage

    stage = asyncio.run(play())
    sent = [payload for uuid, _, payload in strap.sent if uuid == PMD_DATA]
    heard = [packet.payload for packet in stage.packets(PMD_DATA)]
    assert heard == sent[: len(heard)]


def test_F20_six_sensors_stream_at_once_and_a_ninth_is_refused_with_a_reason():
    straps = [make_peripheral(serial=str(n), seed=n, speed_ratio=2.0) for n in range(1, 7)]

    async def play():
        async with staged(*straps) as stage:
            wanted = [make_wanted(n, wearer=f"p{n}") for n in range(1, 7)]
            stage.keep(*wanted)
            for number in range(1, 7):
                await stage.until(
                    lambda number=number: (
                        len(stage.of(PacketReceived, wearer=f"p{number}", characteristic=PMD_DATA))
                        >= 5
                    )
                )
            assert {status.losses for status in stage.statuses} == {0}

    asyncio.run(play())
    with pytest.raises(SensorFailure) as failure:
        BleSource([make_wanted(n) for n in range(MOST_SENSORS + 1)])
    assert failure.value.reason is Reason.TOO_MANY


def test_F21_a_firmware_that_changed_is_told_and_the_same_one_is_not():
    strap = make_peripheral("sig_hrs")

    async def play(firmware):
        async with staged(strap) as stage:
            stage.keep(make_wanted(profile="sig_hrs", firmware=firmware))
            await stage.more(HEART_RATE, 1)
            words = stage.statuses[0].words()
            await stage.more(HEART_RATE, 1)
            return words, [message.link for message in stage.of(LinkReported)]

    words, told = asyncio.run(play("0.9"))
    assert words.startswith("its firmware changed from 0.9 to 1.0")
    assert told == ["firmware_changed"]
    strap = make_peripheral("sig_hrs")
    assert asyncio.run(play("1.0")) == ("", [])


def test_F21_a_firmware_on_the_deny_list_is_refused_unless_somebody_insists():
    strap = make_peripheral("sig_hrs")
    profile = msgspec.structs.replace(load_profile("sig_hrs"), denied_firmwares=("0.*", "1.0*"))

    async def play(wanted):
        async with staged(strap) as stage:
            stage.keep(replace(wanted, profile=profile))
            await stage.until(lambda: bool(stage.statuses))
            (status,) = stage.statuses
            if wanted.even_if_denied:
                await stage.more(HEART_RATE, 1)
                return
            await stage.until(lambda: status.state == "refused")
            assert status.reason is Reason.FIRMWARE_DENIED
            assert "--any-firmware" in status.words()
            assert [m.link for m in stage.of(LinkReported)] == ["refused"]
            assert not stage.packets(HEART_RATE)

    wanted = make_wanted(profile="sig_hrs")
    asyncio.run(play(wanted))
    strap = make_peripheral("sig_hrs")
    asyncio.run(play(replace(wanted, even_if_denied=True)))


def test_F22_a_stream_left_running_by_a_crash_is_stopped_and_started_again():
    strap = make_peripheral()
    strap.device.control.running[ACC] = 200

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await stage.more(PMD_DATA, 3)

    asyncio.run(play())
    assert strap.requests[:3] == [START_ACC, STOP_ACC, START_ACC]
    assert strap.requests[-1] == STOP_ACC


def test_F22_streams_are_stopped_on_the_sensor_at_a_normal_exit():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            await stage.let_go()
            assert strap.requests[-1] == STOP_ACC
            assert stage.radio.open_connections() == 0

    asyncio.run(play())


def test_a_stream_that_the_device_stops_by_itself_is_started_again():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            strap.stop_measurements()
            await stage.until(lambda: strap.requests.count(START_ACC) == 2)
            await stage.more(PMD_DATA, 3)
            assert stage.radio.connects == 1

    asyncio.run(play())


def test_a_refused_start_is_told_with_the_word_of_the_device():
    strap = make_peripheral()
    for status in ("invalid_parameter", "invalid_state"):
        strap.device.control.refuse_next = status
        assert strap.device.control.answer(START_ACC, mtu=247)[3] in {5, 12}
    strap.device.control.refuse_always = "in_charger"

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await stage.more(HEART_RATE, 1)
            refused = stage.statuses[0].found.refused["acceleration"]
            assert refused.reason is Reason.START_REFUSED
            assert "in charger" in str(refused)

    asyncio.run(play())


DENIED = [
    BleakBluetoothNotAvailableReason.DENIED_BY_USER,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN,
]


@pytest.mark.parametrize(
    ("platform", "page"),
    [
        ("darwin", "System Settings > Privacy & Security > Bluetooth"),
        ("win32", "Settings > Privacy > Radios"),
        ("linux", "group bluetooth"),
    ],
)
@pytest.mark.parametrize("denied", DENIED)
def test_F97_bluetooth_that_is_not_permitted_names_the_page_of_the_settings(denied, platform, page):
    error = BleakBluetoothNotAvailableError("denied", denied)
    told = explain_adapter(error, platform=platform)
    assert page in str(told)
    assert "Switch it on" not in str(told)
    assert "play --from demo" in str(told)
    assert told.reason == denied.name.lower()
    assert ("administrator" in str(told)) is (
        platform == "darwin" and denied is BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM
    )


@pytest.mark.parametrize(
    "error",
    [
        *[BleakBluetoothNotAvailableError("denied", denied) for denied in DENIED],
        BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []),
        PermissionError(13, "Access is denied"),
    ],
    ids=["user", "system", "unknown", "system bus", "Windows"],
)
def test_F97_a_scan_or_a_session_that_is_not_permitted_says_what_to_allow(error):
    failure = explain(error)
    assert failure.reason is Reason.BLUETOOTH_DENIED
    assert str(failure) == permission_step(sys.platform)
    assert explain_adapter(error).reason.startswith(("denied_by_", "bluetooth_denied"))


def test_F97_a_permission_that_is_taken_away_is_told_and_awaited():
    strap = make_peripheral()

    async def play():
        async with staged(strap) as stage:
            stage.keep(make_wanted())
            await streaming(stage)
            denied = BleakBluetoothNotAvailableError("denied", DENIED[0])
            stage.radio.connect_errors = [denied]
            await strap.hang_up()
            (status,) = stage.statuses
            await stage.until(lambda: status.reason is Reason.BLUETOOTH_DENIED)
            assert "permitted" in status.words()
            await comes_back(stage)

    asyncio.run(play())
