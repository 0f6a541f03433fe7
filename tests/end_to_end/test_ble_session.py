"""Sensors in the air as the source of a whole session: thread, inbox, engine, trace, stop."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from biofeedback.app import InboxSource, Parts, Stopwatch, make_engine, run_session
from biofeedback.ble.identify import (
    Binding,
    Bindings,
    load_bindings,
    load_key,
    pseudonym,
    save_bindings,
)
from biofeedback.ble.scan import Backend
from biofeedback.ble.source import BleSource
from biofeedback.cli.sensors import open_sensors, remember_sensors
from biofeedback.errors import BluetoothUnavailable, DeviceNotFound
from biofeedback.messages import (
    CommandGiven,
    DecisionMade,
    PacketReceived,
    PlayNote,
    SensorAttached,
    SensorDetached,
    StateChanged,
    TimePassed,
)
from biofeedback.settings import Settings
from biofeedback.sound import open_null
from biofeedback.trace.reader import read_trace
from tests.ble_stage import (
    HEART_RATE,
    HURRY,
    PMD_DATA,
    STOP_ACC,
    World,
    address_of,
    make_wanted,
)


@dataclass
class Listening:
    """A view that says stop when it has seen enough."""

    enough: int
    inbox: queue.SimpleQueue
    messages: list = field(default_factory=list)
    outputs: list = field(default_factory=list)

    def see(self, message, outputs) -> None:
        self.messages.append(message)
        self.outputs.extend(outputs)
        packets = [m for m in self.messages if isinstance(m, PacketReceived)]
        if len([p for p in packets if p.characteristic == PMD_DATA]) == self.enough:
            self.inbox.put(CommandGiven(at_ns=0, command="stop"))


def play(source: BleSource, *, enough: int):
    inbox = queue.SimpleQueue()
    stopwatch = Stopwatch(fast=False)
    view = Listening(enough, inbox)
    parts = Parts(
        engine=make_engine(Settings(calibrate_s=0.5)),
        source=InboxSource(),
        sound=open_null(),
        journal=None,
        view=view,
        duration_ns=60_000_000_000,
    )
    source.open(inbox.put)
    try:
        run_session(parts, stopwatch, inbox)
    finally:
        assert source.close()
    return view


def test_a_strap_in_the_air_plays_a_session_and_is_stopped_at_its_end():
    world = World("Polar H10 1")
    before = threading.active_count()
    view = play(BleSource([make_wanted()], backend=world.backend, pace=HURRY), enough=12)
    assert threading.active_count() == before
    assert world.straps[0].requests[-1] == STOP_ACC
    notes = [output for output in view.outputs if isinstance(output, PlayNote)]
    states = [output.after for output in view.outputs if isinstance(output, StateChanged)]
    decisions = [output for output in view.outputs if isinstance(output, DecisionMade)]
    assert notes
    assert states[0] == "CALIBRATE"
    assert states[-1] == "STOP"
    assert decisions[-1].input_age_ms < 500
    packets = [m for m in view.messages if isinstance(m, PacketReceived)]
    assert {HEART_RATE, PMD_DATA} <= {packet.characteristic for packet in packets}
    stamps = [packet.at_ns for packet in packets]
    assert stamps == sorted(stamps)
    told = msgspec.json.encode(view.messages) + msgspec.json.encode(view.outputs)
    for secret in (address_of(1).encode(), b"Polar H10 1", address_of(1).replace(":", "").encode()):
        assert secret not in told


PLAY_UNTIL_CTRL_C = """
import functools, os, signal, sys
from pathlib import Path
from biofeedback.__main__ import main
from biofeedback.ble.source import BleSource
from biofeedback.cli import options, sensors
from biofeedback.messages import PacketReceived
from tests.ble_stage import PMD_DATA, START_ACC, STOP_ACC, World

world, heard, begin = World("Polar H10 1"), [], BleSource.open

def open_and_interrupt(source, put):
    def watch(message):
        put(message)
        if isinstance(message, PacketReceived) and message.characteristic == PMD_DATA:
            heard.append(message)
            if len(heard) == 3:
                os.kill(os.getpid(), signal.SIGINT)
    return begin(source, watch)

BleSource.open = open_and_interrupt
options.open_sensors = functools.partial(
    sensors.open_sensors, backend=world.backend, folder=Path.cwd()
)
sys.argv = ["biofeedback", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    (strap,) = world.straps
    assert START_ACC in strap.requests and strap.requests[-1] == STOP_ACC, strap.requests
    assert not strap.connections
    sys.exit(end.code)
"""


def test_F22_ctrl_c_stops_the_streams_on_the_sensor_before_the_program_ends(tmp_path):
    trace = tmp_path / "t.trace.jsonl"
    play = ["play", "--from", "ble:Polar H10", "--sound", "null", "--plain", "--trace", str(trace)]
    root = Path(__file__).resolve().parents[2]
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", PLAY_UNTIL_CTRL_C, *play],
        cwd=tmp_path,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 130, done.stdout + done.stderr
    assert read_trace(trace).is_whole


class CutLink(Listening):
    """A view that takes the strap away while the music runs, and gives it back when it holds."""

    world: World

    def see(self, message, outputs) -> None:
        self.messages.append(message)
        self.outputs.extend(outputs)
        states = [o.after for o in self.outputs if isinstance(o, StateChanged)]
        strap = self.world.straps[0] if self.world.straps else None
        for output in outputs:
            if isinstance(output, StateChanged) and output.after == "RUN" and "HOLD" not in states:
                self.world.loop.call_soon_threadsafe(lambda: strap.leave(timeout_s=0.2))
            elif isinstance(output, StateChanged) and output.after == "HOLD":
                self.world.loop.call_soon_threadsafe(strap.come_back)
            elif isinstance(output, DecisionMade) and states[-2:] == ["HOLD", "RUN"]:
                self.enough -= 1
                if self.enough == 0:
                    self.inbox.put(CommandGiven(at_ns=0, command="stop"))


def test_F01_the_music_holds_while_the_link_is_gone_and_goes_on_where_it_was():
    world = World("Polar H10 1")
    source = BleSource([make_wanted()], backend=world.backend, pace=HURRY)
    inbox = queue.SimpleQueue()
    view = CutLink(10, inbox)
    view.world = world
    parts = Parts(
        engine=make_engine(Settings(calibrate_s=2.0)),
        source=InboxSource(),
        sound=open_null(),
        journal=None,
        view=view,
        duration_ns=40_000_000_000,
    )
    source.open(inbox.put)
    try:
        run_session(parts, Stopwatch(fast=False), inbox)
    finally:
        assert source.close()
    changes = [o for o in view.outputs if isinstance(o, StateChanged)]
    assert [c.after for c in changes] == ["CALIBRATE", "RUN", "HOLD", "RUN", "STOP"]
    held_ns, back_ns = changes[2].at_ns, changes[3].at_ns
    packets = [m.at_ns for m in view.messages if isinstance(m, PacketReceived)]
    last_ns = max(at_ns for at_ns in packets if at_ns < held_ns)
    assert held_ns - last_ns <= 3_500_000_000
    tempos = [(o.at_ns, o.allowed.tempo_bpm) for o in view.outputs if isinstance(o, DecisionMade)]
    held = {tempo for at_ns, tempo in tempos if held_ns <= at_ns < back_ns}
    assert len(held) == 1
    after = next(tempo for at_ns, tempo in tempos if at_ns >= back_ns)
    assert abs(after / held.pop() - 1.0) <= 0.02
    assert len([m for m in view.messages if isinstance(m, SensorAttached)]) == 2


def test_a_fact_keeps_the_stamp_of_its_arrival_and_an_order_is_stamped_when_taken():
    inbox = queue.SimpleQueue()
    stopwatch = Stopwatch(fast=False)
    arrived_ns = stopwatch.origin_ns + 1
    for message in (
        SensorAttached(at_ns=arrived_ns, wearer="p1", sensor="s", profile="sig_hrs", site="chest"),
        PacketReceived(
            at_ns=arrived_ns + 1,
            wearer="p1",
            sensor="s",
            characteristic=HEART_RATE,
            payload=b"\x00\x48",
        ),
        CommandGiven(at_ns=0, command="stop"),
    ):
        inbox.put(message)
    view = Listening(-1, inbox)
    source = InboxSource()
    parts = Parts(make_engine(Settings()), source, open_null(), None, view, None)
    run_session(parts, stopwatch, inbox)
    attached, packet = view.messages[1:3]
    assert (attached.at_ns, packet.at_ns) == (arrived_ns, arrived_ns + 1)
    orders = [m for m in view.messages if isinstance(m, CommandGiven)]
    assert all(order.at_ns >= stopwatch.origin_ns for order in orders)
    assert time.monotonic_ns() > orders[1].at_ns > packet.at_ns
    with pytest.raises(LookupError):
        source.take()


def test_a_loop_that_is_late_takes_what_has_arrived_before_the_step_that_is_due():
    inbox = queue.SimpleQueue()
    stopwatch = Stopwatch(fast=False)
    stopwatch.origin_ns -= 500_000_000
    for offset_ms in (10, 20):
        inbox.put(
            PacketReceived(
                at_ns=stopwatch.origin_ns + offset_ms * 1_000_000,
                wearer="p1",
                sensor="s",
                characteristic=HEART_RATE,
                payload=b"\x00\x48",
            )
        )
    inbox.put(CommandGiven(at_ns=0, command="stop"))
    view = Listening(-1, inbox)
    parts = Parts(make_engine(Settings()), InboxSource(), open_null(), None, view, None)
    run_session(parts, stopwatch, inbox)
    kinds = [type(message) for message in view.messages]
    assert kinds[:3] == [CommandGiven, PacketReceived, PacketReceived]
    assert TimePassed not in kinds[:4]


@pytest.fixture
def in_a_hurry(monkeypatch):
    monkeypatch.setattr("biofeedback.cli.sensors.LISTEN_S", 0.3)
    monkeypatch.setattr("biofeedback.cli.sensors.LISTEN_ON_S", 0.3)


@pytest.mark.usefixtures("in_a_hurry")
def test_the_only_sensor_in_the_air_is_taken_and_named_without_its_address(tmp_path):
    world = World("Polar H10 1")
    source = open_sensors([""], backend=world.backend, folder=tmp_path)
    (wanted,) = source.sensors()
    assert not wanted.even_if_empty
    (insisted,) = open_sensors(
        [""], backend=world.backend, folder=tmp_path, even_if_empty=True
    ).sensors()
    assert insisted.even_if_empty
    assert wanted.address == address_of(1)
    code = pseudonym(load_key(tmp_path), address_of(1))
    assert wanted.sensor == f"polar_h10-{code[:4]}"


@pytest.mark.usefixtures("in_a_hurry")
def test_a_bound_sensor_is_taken_among_several_of_the_same_name(tmp_path):
    world = World("Polar H10", "Polar H10", "Polar H10")
    code = pseudonym(load_key(tmp_path), address_of(3))
    binding = Binding(wearer="mia", address=code, profile="polar_h10", site="waist")
    save_bindings(tmp_path, Bindings(sensors=(binding,)))
    (wanted,) = open_sensors(["Polar H10"], backend=world.backend, folder=tmp_path).sensors()
    assert (wanted.address, wanted.wearer, wanted.site) == (address_of(3), "mia", "waist")


@pytest.mark.usefixtures("in_a_hurry")
def test_firmware_and_serial_of_a_bound_sensor_are_remembered_as_pseudonyms(tmp_path):
    world = World("Polar H10 1")
    key = load_key(tmp_path)
    code = pseudonym(key, address_of(1))
    binding = Binding(wearer="mia", address=code, profile="polar_h10", site="chest")
    save_bindings(tmp_path, Bindings(sensors=(binding,)))
    source = open_sensors([""], backend=world.backend, folder=tmp_path)
    inbox = queue.SimpleQueue()
    source.open(inbox.put)
    while inbox.get(timeout=10).at_ns and not source.statuses()[0].found.firmware:
        pass
    assert source.close()
    assert remember_sensors(source, folder=tmp_path) == []
    (known,) = load_bindings(tmp_path).sensors
    assert (known.wearer, known.firmware) == ("mia", "5.0.0")


@pytest.mark.usefixtures("in_a_hurry")
def test_a_sensor_that_is_not_there_is_listened_for_longer_and_then_told(tmp_path):
    with pytest.raises(DeviceNotFound, match=r"Polar H10 1.*biofeedback scan"):
        open_sensors(["Verity"], backend=World("Polar H10 1").backend, folder=tmp_path)


def test_bluetooth_that_is_off_ends_the_command_with_a_reason(tmp_path):
    world = World()

    class Off(world.backend.scanner):
        async def start(self) -> None:
            await world.begin()
            world.radio().powered = False
            await super().start()

    with pytest.raises(BluetoothUnavailable) as failure:
        open_sensors([""], backend=Backend(scanner=Off), folder=tmp_path)
    assert failure.value.reason == "bluetooth_off"


def test_sensors_that_leave_say_so():
    world = World("Polar H10 1")
    inbox = queue.SimpleQueue()
    source = BleSource([make_wanted()], backend=world.backend, pace=HURRY).open(inbox.put)
    while not isinstance(inbox.get(timeout=10), PacketReceived):
        pass
    assert source.statuses()[0].sensor == "polar_h10-1"
    assert source.close()
    messages = []
    while not inbox.empty():
        messages.append(inbox.get())
    assert isinstance(messages[-1], SensorDetached)
    assert source.close()
