"""A stage for tests: a virtual air, virtual wearables, a radio, and sensors being kept.

Everything runs in one event loop, in the body's own time, which is faster than ours.
"""

from __future__ import annotations

import asyncio
import weakref
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from biofeedback.ble.pace import Pace
from biofeedback.ble.scan import Backend
from biofeedback.ble.source import keep_sensors
from biofeedback.ble.wanted import Wanted
from biofeedback.messages import PacketReceived
from biofeedback.profiles import load_profile
from biofeedback.simulate.body import Body
from biofeedback.simulate.scenarios import SCENARIOS, draw_person
from biofeedback.simulate.story import Story
from biofeedback.virtual.peripheral import Peripheral
from biofeedback.virtual.wearables import make_device
from tests.bleak_on_bumble import BumbleClient, BumbleScanner, Radio

if TYPE_CHECKING:
    from biofeedback.virtual.air import Air

HEART_RATE = "00002a37-0000-1000-8000-00805f9b34fb"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
PMD_DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
START_ACC = bytes.fromhex("020200 01c800 01011000 02010800".replace(" ", ""))
STOP_ACC = bytes.fromhex("0302")
SPEED = 10.0
PATIENCE_S = 15.0
HURRY = Pace(
    connect_s=2.0,
    setup_s=5.0,
    disconnect_s=0.5,
    stop_s=0.5,
    close_s=3.0,
    reply_s=0.5,
    settle_s=0.01,
    stagger_s=0.0,
    listen_s=0.5,
    first_packet_s=0.4,
    silence_s=0.6,
    check_s=0.02,
    battery_every_s=300.0,
    first_delay_s=0.02,
    longest_delay_s=0.2,
    in_use_delay_s=0.3,
)


def address_of(number: int) -> str:
    return f"C0:FF:EE:00:00:{number:02X}"


def make_body(scenario: str = "walk", seed: int = 1) -> Body:
    return Body(draw_person(seed), Story(SCENARIOS[scenario]), seed=seed)


def make_peripheral(
    profile: str = "polar_h10",
    *,
    serial: str = "1",
    scenario: str = "walk",
    name: str | None = None,
    site: str = "chest",
    seed: int = 1,
    body: Body | None = None,
    **more,
) -> Peripheral:
    described = load_profile(profile)
    device = make_device(described, body or make_body(scenario, seed), site, serial=serial)
    more = {"speed_ratio": SPEED, "interval_ms": 20.0} | more
    return Peripheral(described, device, name=name or device.local_name(serial), **more)


def make_wanted(number: int = 1, profile: str = "polar_h10", **more) -> Wanted:
    first_data_s = more.pop("first_data_within_s", 0.8)
    known = msgspec.structs.replace(load_profile(profile), first_data_within_s=first_data_s)
    wanted = Wanted(
        wearer="p1",
        sensor=f"{profile}-{number}",
        address=address_of(number),
        profile=known,
        site=known.sites[0],
    )
    return replace(wanted, **more)


class Stage:
    """What a test looks at: the radio, the messages so far, the statuses."""

    def __init__(self, radio: Radio) -> None:
        self.radio = radio
        self.backend = Backend(scanner=radio.Scanner, client=radio.Client)
        self.messages = []
        self.statuses = []
        self._changed = asyncio.Event()
        self._until = asyncio.Event()
        self._kept: asyncio.Task | None = None

    def put(self, message) -> None:
        self.messages.append(message)
        self._changed.set()

    def keep(self, *wanted: Wanted, pace: Pace = HURRY) -> None:
        self._kept = asyncio.create_task(
            keep_sensors(
                wanted,
                put=self.put,
                until=self._until,
                backend=self.backend,
                pace=pace,
                statuses=self.statuses,
            )
        )

    async def let_go(self) -> None:
        self._until.set()
        if self._kept is not None:
            await self._kept

    def start_again(self) -> None:
        """Make it possible to keep sensors once more."""
        self._until = asyncio.Event()
        self.statuses.clear()

    def of(self, kind, **known) -> list:
        return [
            message
            for message in self.messages
            if isinstance(message, kind)
            and all(getattr(message, key) == value for key, value in known.items())
        ]

    def packets(self, uuid: str, **known) -> list[PacketReceived]:
        return self.of(PacketReceived, characteristic=uuid, **known)

    async def until(self, claim, patience_s: float = PATIENCE_S) -> None:
        """Wait until a claim holds; looked at after each message and each hundredth of a second."""
        async with asyncio.timeout(patience_s):
            while not claim():
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.01):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def more(self, uuid: str, count: int = 1) -> None:
        """Wait for new packets."""
        wanted = len(self.packets(uuid)) + count
        await self.until(lambda: len(self.packets(uuid)) >= wanted)


@asynccontextmanager
async def staged(*peripherals: Peripheral, air: Air | None = None):
    """Put wearables with the addresses 1, 2, ... into an air with one radio."""
    radio = await Radio(air).start()
    stage = Stage(radio)
    for number, peripheral in enumerate(peripherals, 1):
        await peripheral.start_in(radio.air, address=address_of(number))
    try:
        yield stage
    finally:
        await stage.let_go()
        for peripheral in peripherals:
            await peripheral.stop()
        await radio.stop()


class World:
    """The same wearables in whatever event loop asks for the air; each loop has its own.

    For what brings a loop of its own: a command, a source with its thread.
    """

    def __init__(self, *names: str, make=None, air=None) -> None:
        self.straps: list[Peripheral] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self._names = names
        self._make = make or (lambda name, _: make_peripheral(name=name, speed_ratio=1.0))
        self._make_air = air or (lambda: None)
        self._radios = weakref.WeakKeyDictionary()
        world = self

        class Scanner(BumbleScanner):
            radio = property(lambda _: world.radio())

            async def start(self) -> None:
                await world.begin()
                await super().start()

        class Client(BumbleClient):
            radio = property(lambda _: world.radio())

        self.backend = Backend(scanner=Scanner, client=Client)

    def radio(self) -> Radio:
        return self._radios[asyncio.get_running_loop()]

    async def begin(self) -> None:
        loop = asyncio.get_running_loop()
        if loop in self._radios:
            return
        self.loop = loop
        radio = self._radios[loop] = await Radio(self._make_air()).start()
        self.straps = [self._make(name, number) for number, name in enumerate(self._names, 1)]
        for number, strap in enumerate(self.straps, 1):
            await strap.start_in(radio.air, address=address_of(number))
