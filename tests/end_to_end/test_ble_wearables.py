"""An unmodified bleak client against wearables that want more than a start, or no connection."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import msgspec
import pytest
from bumble import hci
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from biofeedback.ble import scan
from biofeedback.ble.choose import choose, list_candidates, parse_choice
from biofeedback.ble.identify import Bindings
from biofeedback.ble.reasons import Reason
from biofeedback.ble.scan import Listener
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import SensorAttached, SensorDetached
from biofeedback.profiles import list_profiles, load_profile, read_script
from biofeedback.samples import AccelerationBlock, HeartReading
from biofeedback.virtual.devices import MODEL_UUID, Strap
from biofeedback.virtual.peripheral import Peripheral
from tests.ble_stage import address_of, make_body, make_peripheral, make_wanted, staged

NUS_IN = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NUS_OUT = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
METAWEAR_DATA = "326a9006-85cb-9195-d9dd-464cfbbae75a"
TAG_DATA, TAG_SWITCH, TAG_PERIOD = (f"f000aa8{n}-0451-4000-b000-000000000000" for n in "123")
MUSE_KEEP_ALIVE = bytes.fromhex("026b0a")
SHARED = "manufacturer:0157"
XIAOMI = 0x0157


class Wearable(Strap):
    """Answers one write with packets."""

    peripheral: Peripheral

    def __init__(self, to: bytes, uuid: str, *packets: bytes) -> None:
        super().__init__(make_body(), "wrist", serial="1")
        self.writes: list[tuple[str, bytes]] = []
        self._answer = (to, uuid, packets)

    def write(self, uuid, value, *, mtu):
        del mtu
        self.writes.append((uuid, value))
        to, out, packets = self._answer
        for packet in packets if value == to else ():
            self.peripheral.send(out, packet)


class Beacon:
    """Advertises a heart rate as a Mi Band does, with its address behind it."""

    def __init__(self, number: int = 1) -> None:
        self.address = address_of(number)

    async def start_in(self, air, name: str = "") -> None:
        self.air, self.name = air, name
        self.controller = Controller("band", link=air, public_address=self.address)
        host = Host(self.controller, AsyncPipeSink(self.controller))
        config = DeviceConfiguration(name="band", address=hci.Address(self.address))
        self.radio = Device(config=config, host=host)
        await self.radio.power_on()

    async def share(self, hr_bpm: int | None) -> None:
        """Say a heart rate from now on, or the name only."""
        await self.radio.stop_advertising()
        parts = [(AdvertisingData.FLAGS, b"\x06")]
        if self.name:
            parts.append((AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode()))
        if hr_bpm is not None:
            own = bytes.fromhex(self.address.replace(":", ""))
            said = XIAOMI.to_bytes(2, "little") + bytes((2, 1, 0x2C, hr_bpm, 0xFF)) + own
            parts.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, said))
        await self.radio.start_advertising(
            advertising_interval_min=20.0,
            advertising_interval_max=20.0,
            advertising_data=bytes(AdvertisingData(parts)),
        )

    async def stop(self) -> None:
        await self.radio.power_off()
        self.air.remove_controller(self.controller)


def put_on(wearable: Wearable, profile, name: str) -> Peripheral:
    wearable.peripheral = Peripheral(profile, wearable, name=name)
    return wearable.peripheral


def decode(stage, uuid: str) -> list:
    (attached, *_) = stage.of(SensorAttached)
    decoder = SensorDecoder(load_profile(attached.profile), attached.context)
    return [part for packet in stage.packets(uuid) for part in decoder.update(packet)]


@pytest.mark.parametrize("small", [False, True])
def test_a_bangle_gets_its_script_in_chunks_that_fit_and_then_its_start(small):
    profile = load_profile("banglejs")
    start, stop = b"\x10BF.start(50,1)\n", b"\x10BF.stop()\n"
    line = b'{"t":"a","i":0,"m":0,"a":[0,0,1000]}\r\n'
    watch = Wearable(start, NUS_OUT, line[:20], line[20:])
    peripheral = put_on(watch, profile, "Bangle.js 1")

    async def play():
        async with staged(peripheral) as stage:
            if small:
                peripheral.refuse_mtu()
            stage.keep(make_wanted(profile="banglejs", script=read_script(profile)))
            await stage.more(NUS_OUT, 2)
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    assert {uuid for uuid, _ in watch.writes} == {NUS_IN}
    sent = [value for _, value in watch.writes]
    assert sent[-2:] == [start, stop]
    assert b"".join(sent) == b"".join(read_script(profile)) + start + stop
    assert max(map(len, sent)) <= (20 if small else 244)
    decoded = decode(stage, NUS_OUT)
    (block,) = [part for part in decoded if isinstance(part, AccelerationBlock)]
    assert block.acceleration_mps2[0].tolist() == pytest.approx([0, 0, 9.80665])


def test_a_sensortag_gets_its_period_before_its_start_and_counts_in_the_range_of_its_profile():
    profile = load_profile("sensortag")
    one_g = bytes(6) + bytes.fromhex("000000000010") + bytes(6)
    tag = Wearable(b"\x7f\x02", TAG_DATA, one_g)
    peripheral = put_on(tag, profile, "SensorTag")

    async def play():
        async with staged(peripheral) as stage:
            stage.keep(make_wanted(profile="sensortag"))
            await stage.until(lambda: stage.packets(TAG_DATA))
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    assert tag.writes == [(TAG_PERIOD, b"\x0a"), (TAG_SWITCH, b"\x7f\x02"), (TAG_SWITCH, b"\0\0")]
    # What stands there before the start was never measured: it isn't read.
    assert [packet.payload for packet in stage.packets(TAG_DATA)] == [one_g]
    decoded = decode(stage, TAG_DATA)
    (block,) = [part for part in decoded if isinstance(part, AccelerationBlock)]
    assert block.acceleration_mps2[0].tolist() == pytest.approx([0, 0, 9.80665])


def test_a_wearable_without_a_setting_that_its_start_needs_is_told_and_left_alone():
    profile = load_profile("sensortag")
    lacking = tuple(c for c in profile.characteristics if c.uuid != TAG_PERIOD)
    tag = Wearable(b"\x7f\x02", TAG_DATA, bytes(18))
    lacks = msgspec.structs.replace(profile, characteristics=lacking)
    peripheral = put_on(tag, lacks, "SensorTag")

    async def play():
        async with staged(peripheral) as stage:
            stage.keep(make_wanted(profile="sensortag"))
            (status,) = await until_statuses(stage)
            await stage.until(lambda: status.state == "refused")
            assert status.reason is Reason.NOT_SUPPORTED
            assert TAG_PERIOD in status.words()

    asyncio.run(play())
    assert tag.writes == []


@pytest.mark.parametrize(("model", "chip"), [(b"5", "27 08"), (b"8\0", "a7 02"), (None, "27 08")])
def test_a_metawear_gets_the_start_of_its_own_chip(model, chip):
    profile = load_profile("metawear")
    board = Wearable(bytes.fromhex("030101"), METAWEAR_DATA, bytes.fromhex("0304000000000010"))
    if model is None:
        del board.values[MODEL_UUID]
    else:
        board.values[MODEL_UUID] = model
    peripheral = put_on(board, profile, "MetaWear")

    async def play():
        async with staged(peripheral) as stage:
            stage.keep(make_wanted(profile="metawear"))
            await stage.until(lambda: stage.packets(METAWEAR_DATA))
            await stage.let_go()
            return stage

    stage = asyncio.run(play())
    starts = [value.hex(" ") for _, value in board.writes]
    assert starts[:4] == [f"03 03 {chip}", "03 04 01", "03 02 01 00", "03 01 01"]
    assert starts[4:] == ["03 01 00", "03 02 00 01", "03 04 00"]
    (block,) = [p for p in decode(stage, METAWEAR_DATA) if isinstance(p, AccelerationBlock)]
    assert block.acceleration_mps2[0].tolist() == pytest.approx([0, 0, 9.80665])


async def until_statuses(stage):
    await stage.until(lambda: stage.statuses)
    return stage.statuses


def hurried():
    """A Mi Band that says a hundred values a second, so that its silence is noticed soon."""
    wanted = make_wanted(profile="mi_band_advertised")
    (stream,) = wanted.profile.streams
    streams = (msgspec.structs.replace(stream, rate_hz=100.0),)
    return replace(wanted, profile=msgspec.structs.replace(wanted.profile, streams=streams))


def test_a_mi_band_is_heard_without_a_connection_and_its_address_stays_out_of_the_packets():
    band = Beacon()

    async def play():
        async with staged() as stage:
            await band.start_in(stage.radio.air)
            await band.share(128)
            before_ns = time.monotonic_ns()
            stage.keep(hurried())
            await stage.until(lambda: len(stage.packets(SHARED)) >= 3)
            (status,) = stage.statuses
            assert (status.state, status.reason) == ("connected", None)
            await stage.let_go()
            assert (stage.radio.connects, stage.radio.scanners) == (0, set())
            await band.stop()
            return stage, before_ns

    stage, before_ns = asyncio.run(play())
    assert isinstance(stage.messages[0], SensorAttached)
    assert isinstance(stage.messages[-1], SensorDetached)
    arrivals = [message.at_ns for message in stage.messages]
    assert arrivals == sorted(arrivals)
    assert before_ns < arrivals[0]
    assert {packet.payload for packet in stage.packets(SHARED)} == {bytes((2, 1, 0x2C, 128))}
    readings = decode(stage, SHARED)
    assert all(isinstance(reading, HeartReading) for reading in readings)
    assert {reading.heart_rate_bpm for reading in readings} == {128}


def test_a_mi_band_that_shares_no_more_is_told_as_silent_and_is_back_when_it_does():
    band = Beacon()

    async def play():
        async with staged() as stage:
            await band.start_in(stage.radio.air, "Mi Band")
            await band.share(90)
            stage.keep(hurried())
            await stage.more(SHARED, 2)
            (status,) = stage.statuses
            await band.share(None)
            await stage.until(lambda: status.losses == 1)
            # It is in the air still, so it is looked at again, and nothing is made up.
            await stage.until(lambda: status.losses >= 4)
            await stage.until(lambda: status.reason is Reason.SILENT)
            assert "workout" in status.words()
            count = len(stage.packets(SHARED))
            await band.share(91)
            await stage.more(SHARED, 2)
            await stage.until(lambda: status.state == "connected")
            await stage.let_go()
            await band.stop()
            return stage, count

    stage, count = asyncio.run(play())
    said = [packet.payload[3] for packet in stage.packets(SHARED)]
    assert set(said[:count]) == {90}
    assert set(said[count:]) == {91}


def test_a_mi_band_out_of_range_is_told_as_not_in_the_air_and_comes_back():
    band = Beacon()

    async def play():
        async with staged() as stage:
            await band.start_in(stage.radio.air)
            await band.share(90)
            stage.keep(hurried())
            await stage.more(SHARED, 2)
            (status,) = stage.statuses
            stage.radio.air.leave(band.controller)
            await stage.until(lambda: status.reason is Reason.NOT_FOUND)
            assert status.state in {"waiting", "looking"}
            stage.radio.air.come_back(band.controller)
            await stage.more(SHARED, 2)
            assert status.reason is None
            await stage.let_go()
            await band.stop()
            return stage

    assert len(asyncio.run(play()).of(SensorAttached)) == 2


def test_a_scan_that_died_under_one_listener_is_made_again_when_another_joins(monkeypatch):
    monkeypatch.setattr(scan, "DEAF_AFTER_S", 0.0)
    band = Beacon()

    async def play():
        async with staged() as stage:
            await band.start_in(stage.radio.air)
            await band.share(90)
            listener, heard = Listener(stage.backend), []
            async with listener.listening(heard.append):
                await stage.until(lambda: heard)
                stage.radio.scanners.clear()
                assert await listener.wait_for(lambda _: True, timeout_s=2.0) is not None
            assert stage.radio.scanners == set()
            await band.stop()

    asyncio.run(play())


def test_a_nameless_mi_band_is_chosen_by_what_its_company_advertises():
    band = Beacon()

    async def play():
        async with staged() as stage:
            await band.start_in(stage.radio.air)
            await band.share(77)
            seen = await Listener(stage.backend).collect(0.2)
            await band.stop()
            return seen

    candidates = list_candidates(
        asyncio.run(play()), list_profiles(), key=bytes(32), bindings=Bindings()
    )
    (wanted,) = choose([parse_choice("mi_band_advertised")], candidates)
    assert wanted.is_advertised()
    assert wanted.address == band.address


def test_what_a_stream_needs_to_go_on_is_written_again_and_again():
    profile = load_profile("muse")
    streams = tuple(
        msgspec.structs.replace(stream, keep_alive=more_often(stream.keep_alive))
        for stream in profile.streams
    )
    muse = make_peripheral("muse", site="unknown", speed_ratio=1.0)

    async def play():
        async with staged(muse) as stage:
            wanted = make_wanted(profile="muse")
            quick = msgspec.structs.replace(wanted.profile, streams=streams)
            stage.keep(replace(wanted, profile=quick))
            await stage.until(lambda: muse.requests.count(MUSE_KEEP_ALIVE) >= 3)

    asyncio.run(play())
    assert muse.requests[:2] == [bytes.fromhex("047035300a"), bytes.fromhex("02640a")]
    assert muse.requests[-1] == bytes.fromhex("02680a")


def more_often(keep_alive):
    if keep_alive is None:
        return None
    return msgspec.structs.replace(keep_alive, every_s=0.05)


def test_a_ring_gives_its_heart_rate_longer_than_it_would_by_itself():
    ring = make_peripheral("colmi_ring", site="unknown", speed_ratio=100.0)
    profile = load_profile("colmi_ring")
    streams = tuple(
        msgspec.structs.replace(stream, keep_alive=more_often(stream.keep_alive))
        for stream in profile.streams
    )

    async def play():
        async with staged(ring) as stage:
            wanted = make_wanted(profile="colmi_ring", first_data_within_s=5.0)
            quick = msgspec.structs.replace(wanted.profile, streams=streams)
            stage.keep(replace(wanted, profile=quick))
            await stage.until(lambda: len(stage.packets(NUS_OUT)) > 40)
            return stage

    values = [p for p in decode(asyncio.run(play()), NUS_OUT) if isinstance(p, HeartReading)]
    assert len(values) > 35
