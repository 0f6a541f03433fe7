"""One connection to one sensor: connect, look, subscribe, start; listen; stop and let go.

* The arrival is stamped first, before anything else is done with a packet.
* A link is used once: whoever connects again makes a new one, with a new client of bleak. One that
  is reused keeps old subscriptions alive on BlueZ, and each packet comes twice.
* A callback that says "disconnected" may never come, so silence ends a link as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bleak import BleakClient

from biofeedback.ble.control_point import PMD_FORMAT, ControlPoint
from biofeedback.ble.reasons import Reason, SensorFailure, explain
from biofeedback.ble.wanted import BATTERY_UUID, SERIAL_UUID, packet_period_s
from biofeedback.decode.profile import expand_uuid
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bleak.backends.characteristic import BleakGATTCharacteristic

    from biofeedback.ble.pace import Pace
    from biofeedback.ble.scan import Backend, Sighting
    from biofeedback.ble.wanted import Wanted
    from biofeedback.decode.profile import Start, Stream

LOG = logging.getLogger(__name__)
EMPTY_PERCENT = 10
_ATT_HEADER_BYTES = 3
_SMALLEST_MTU = 23
_PERIODS_UNTIL_SILENT = 5
_TRY_NEXT_START = frozenset({Reason.START_REFUSED})


@dataclass(slots=True)
class Found:
    """What a link learned of its sensor; ``serial`` never leaves the memory in clear."""

    mtu: int | None = None
    battery_percent: int | None = None
    serial: str | None = None
    firmware: str | None = None
    refused: dict[str, SensorFailure] = field(default_factory=dict[str, SensorFailure])


class Link:
    """One use of one sensor.

    Args:
        wanted: What it shall deliver.
        sighting: The advertisement to connect to.
        take: Called with (characteristic, payload, arrival) for each packet, in arrival order.
    """

    def __init__(
        self,
        wanted: Wanted,
        sighting: Sighting,
        *,
        backend: Backend,
        pace: Pace,
        take: Callable[[str, bytes, int], None],
    ) -> None:
        self.found = Found()
        self.data_packets = 0
        self._wanted = wanted
        self._pace = pace
        self._take = take
        self._gone = asyncio.Event()
        self._data: set[str] = set()
        self._last_ns: dict[str, int] = {}
        self._started: dict[str, tuple[Stream, Start]] = {}
        self._restarted: set[str] = set()
        self._alive_ns: dict[str, int] = {}
        self._control: ControlPoint | None = None
        self._control_uuid = expand_uuid(wanted.profile.control) if wanted.profile.control else None
        chosen: dict[str, Any] = {} if backend.client is None else {"backend": backend.client}
        self._client = BleakClient(
            sighting.device, self._on_disconnect, timeout=pace.connect_s, **chosen
        )

    # ------------------------------------------------------------ open

    async def open(self, turn: asyncio.Lock, connected: Callable[[], None]) -> None:
        """Connect and start what is wanted.

        Args:
            turn: Held while connecting: systems connect to one sensor at a time.
            connected: Called once, before the first packet is taken.

        Raises:
            SensorFailure: It can't be had; the reason tells why.
        """
        try:
            async with turn:
                async with asyncio.timeout(self._pace.connect_s):
                    await self._client.connect()
                await asyncio.sleep(self._pace.stagger_s)
            self._check_services()
            connected()
            async with asyncio.timeout(self._pace.setup_s):
                await self._read_about()
                await self._subscribe_all()
                await self._start_all()
        except SensorFailure:
            raise
        except Exception as error:
            if self._gone.is_set():
                raise SensorFailure(Reason.DROPPED, "while it was being set up") from error
            raise explain(error) from error

    def _check_services(self) -> None:
        wanted = [*self._wanted.data_characteristics()]
        if self._control_uuid is not None and any(starts for _, starts in self._wanted.chosen()):
            wanted.append(self._control_uuid)
            wanted += self._wanted.settings()
        missing = [uuid for uuid in wanted if self._characteristic(uuid) is None]
        if missing:
            raise SensorFailure(Reason.NOT_SUPPORTED, f"it has no characteristic {missing[0]}")
        self._data = set(self._wanted.data_characteristics())

    def _characteristic(self, uuid: str) -> BleakGATTCharacteristic | None:
        return self._client.services.get_characteristic(uuid)

    async def _read_about(self) -> None:
        """Read battery and device information before any subscription.

        On BlueZ and macOS a read of something one listens to looks like a notification.
        """
        for described in self._wanted.readable():
            uuid = expand_uuid(described.uuid)
            value = await self._read(uuid)
            if value is None:
                continue
            if uuid == BATTERY_UUID:
                self._note_battery(value)
            elif described.format == "firmware_revision":
                self.found.firmware = value.decode("utf-8", "replace").strip("\0 ")[:64] or None
        serial = await self._read(SERIAL_UUID, tell=False)
        self.found.serial = None if serial is None else serial.decode("utf-8", "replace")
        percent = self.found.battery_percent
        if percent is not None and percent < EMPTY_PERCENT and not self._wanted.even_if_empty:
            raise SensorFailure(Reason.BATTERY_EMPTY, f"{percent} %")

    async def read_battery(self) -> None:
        """Read the battery again, if it doesn't tell by itself."""
        if BATTERY_UUID not in self._last_ns:
            value = await self._read(BATTERY_UUID)
            if value is not None:
                self._note_battery(value)

    async def _read(self, uuid: str, *, tell: bool = True) -> bytes | None:
        """Read a value; None when there is none or it may not be read (F14)."""
        characteristic = self._characteristic(uuid)
        if characteristic is None or "read" not in characteristic.properties:
            return None
        try:
            async with asyncio.timeout(self._pace.reply_s):
                value = bytes(await self._client.read_gatt_char(characteristic))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is only unknown
            LOG.debug("a value can't be read: %s", type(error).__name__)
            return None
        if tell:
            self._take(uuid, value, time.monotonic_ns())
        return value

    def _note_battery(self, value: bytes) -> None:
        self.found.battery_percent = value[0] if value and value[0] <= 100 else None

    async def _subscribe_all(self) -> None:
        control = self._wanted.control()
        if control is not None and self._control_uuid is not None:
            self._control = ControlPoint(
                self._write,
                self._control_uuid,
                answers=control.format == PMD_FORMAT,
                reply_s=self._pace.reply_s,
                settle_s=self._pace.settle_s,
            )
            if {"notify", "indicate"} & set(control.access):
                await self._subscribe(self._control_uuid)
            characteristic = self._characteristic(self._control_uuid)
            if characteristic is not None:
                # What the system says of the MTU itself is 23 on BlueZ until it is asked for.
                size = characteristic.max_write_without_response_size
                self.found.mtu = size + _ATT_HEADER_BYTES
        for uuid in self._wanted.data_characteristics():
            if uuid != self._control_uuid:
                await self._subscribe(uuid)
        battery = self._characteristic(BATTERY_UUID)
        if battery is not None and "notify" in battery.properties:
            # A battery that can't be listened to is read now and then.
            with contextlib.suppress(Exception):
                await self._subscribe(BATTERY_UUID)

    async def _subscribe(self, uuid: str) -> None:
        characteristic = self._characteristic(uuid)
        if characteristic is None:
            return

        def on_packet(_: BleakGATTCharacteristic, payload: bytearray) -> None:
            at_ns = time.monotonic_ns()
            self._hear(uuid, bytes(payload), at_ns)

        await self._client.start_notify(characteristic, on_packet)

    def _hear(self, uuid: str, payload: bytes, at_ns: int) -> None:
        if uuid in self._data:
            self.data_packets += 1
        self._last_ns[uuid] = at_ns
        if uuid == BATTERY_UUID:
            self._note_battery(payload)
        elif uuid == self._control_uuid and self._control is not None:
            self._control.hear(payload)
        self._take(uuid, payload, at_ns)

    async def _write(self, uuid: str, value: bytes) -> None:
        characteristic = self._characteristic(uuid)
        if characteristic is None:
            raise SensorFailure(Reason.NOT_SUPPORTED, f"it has no characteristic {uuid}")
        response = "write" in characteristic.properties
        await self._client.write_gatt_char(characteristic, value, response=response)

    async def _start_all(self) -> None:
        if self._control is not None and any(starts for _, starts in self._wanted.chosen()):
            size = (self.found.mtu or _SMALLEST_MTU) - _ATT_HEADER_BYTES
            await self._control.send_script(self._wanted.script, chunk_bytes=size)
        for stream, starts in self._wanted.chosen():
            if starts:
                await self._start(stream, starts)
        if self.found.refused and not self._delivers():
            raise next(iter(self.found.refused.values()))

    def _delivers(self) -> bool:
        """Tell whether anything comes although some streams were refused."""
        return bool(self._started) or any(not s for _, s in self._wanted.chosen())

    async def _start(self, stream: Stream, starts: tuple[Start, ...]) -> None:
        if self._control is None:
            return
        for start in starts:
            try:
                await self._control.start(stream, start)
            except SensorFailure as failure:
                self.found.refused[stream.name] = failure
                if failure.reason not in _TRY_NEXT_START:
                    return
            else:
                self.found.refused.pop(stream.name, None)
                self._started[stream.name] = (stream, start)
                return

    # ------------------------------------------------------------ watch

    async def watch(self, each_check: Callable[[], None]) -> None:
        """Keep the link until it is over; call ``each_check`` now and then.

        Raises:
            SensorFailure: The link ended, or nothing comes any more.
        """
        opened_ns = time.monotonic_ns()
        battery_ns = opened_ns
        resubscribed = False
        while True:
            await self._wait_a_bit()
            now_ns = time.monotonic_ns()
            each_check()
            if self._gone.is_set() or not self._client.is_connected:
                raise SensorFailure(Reason.DROPPED)
            if self._control is not None and self._control.stopped.is_set():
                self._control.stopped.clear()
                await self._restart_all()
            last_ns = max((self._last_ns.get(uuid, 0) for uuid in self._data), default=0)
            if last_ns:
                if now_ns - last_ns > self._silence_s() * NS_PER_S:
                    raise SensorFailure(Reason.SILENT)
                await self._check_streams(now_ns, opened_ns)
            elif now_ns - opened_ns > self._first_within_s() * NS_PER_S:
                raise SensorFailure(Reason.SILENT, "since it was connected")
            elif now_ns - opened_ns > self._pace.first_packet_s * NS_PER_S and not resubscribed:
                resubscribed = True
                await self._resubscribe()
            await self._keep_alive(now_ns)
            if now_ns - battery_ns > self._pace.battery_every_s * NS_PER_S:
                battery_ns = now_ns
                await self.read_battery()

    async def _keep_alive(self, now_ns: int) -> None:
        """Write what streams need to go on, each in its own rhythm."""
        for name, (stream, _) in self._started.items():
            keep_alive = stream.keep_alive
            if keep_alive is None or self._control is None:
                continue
            since_ns = self._alive_ns.setdefault(name, now_ns)
            if now_ns - since_ns < keep_alive.every_s * NS_PER_S:
                continue
            self._alive_ns[name] = now_ns
            try:
                await self._control.repeat(keep_alive)
            except Exception as error:
                raise explain(error) from error

    async def _wait_a_bit(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.check_s):
                await self._gone.wait()

    def _silence_s(self) -> float:
        periods_s = [packet_period_s(stream, starts) for stream, starts in self._wanted.chosen()]
        return max(self._pace.silence_s, _PERIODS_UNTIL_SILENT * min(periods_s, default=0.0))

    def _first_within_s(self) -> float:
        return max(2 * self._pace.first_packet_s, self._wanted.profile.first_data_within_s)

    async def _check_streams(self, now_ns: int, opened_ns: int) -> None:
        """Start a stream again that fell silent while others go on; once, then give up."""
        for name, (stream, start) in list(self._started.items()):
            last_ns = self._last_ns.get(expand_uuid(stream.characteristic))
            if last_ns is None:
                limit_s, since_ns = self._first_within_s(), opened_ns
            else:
                period_s = packet_period_s(stream, (start,))
                limit_s = max(self._pace.silence_s, _PERIODS_UNTIL_SILENT * period_s)
                since_ns = last_ns
            if now_ns - since_ns <= limit_s * NS_PER_S:
                continue
            if name in self._restarted:
                raise SensorFailure(Reason.SILENT, stream.name)
            self._restarted.add(name)
            self._last_ns[expand_uuid(stream.characteristic)] = now_ns
            try:
                await self._restart(stream, start)
            except SensorFailure as failure:
                raise SensorFailure(Reason.SILENT, stream.name) from failure

    async def _restart_all(self) -> None:
        for stream, start in list(self._started.values()):
            await self._restart(stream, start)

    async def _restart(self, stream: Stream, start: Start) -> None:
        if self._control is None:
            return
        try:
            await self._control.start(stream, start)
        except SensorFailure:
            raise
        except Exception as error:
            raise explain(error) from error

    async def _resubscribe(self) -> None:
        try:
            async with asyncio.timeout(self._pace.setup_s):
                for uuid in self._wanted.data_characteristics():
                    characteristic = self._characteristic(uuid)
                    if characteristic is not None:
                        await self._client.stop_notify(characteristic)
                        await self._subscribe(uuid)
        except Exception as error:
            raise explain(error) from error

    # ------------------------------------------------------------ close

    async def forget_services(self) -> None:
        """Make the system forget what it knows of the services (F08); the link is over then."""
        await _try(self._client.unpair(), self._pace.disconnect_s)

    async def close(self) -> None:
        """Stop the streams if there still is a link, and let go; never raises, never hangs."""
        if self._client.is_connected and not self._gone.is_set():
            await _try(self._stop_all(), self._pace.stop_s)
        await _try(self._client.disconnect(), self._pace.disconnect_s)

    async def _stop_all(self) -> None:
        if self._control is None:
            return
        started, self._started = self._started, {}
        for stream, start in started.values():
            await self._control.stop(stream, start)

    def _on_disconnect(self, _: BleakClient) -> None:
        self._gone.set()


async def _try(doing: Coroutine[None, None, None], seconds: float) -> None:
    """Try something that may fail or hang: after the time it is cancelled and left alone.

    Even a call that doesn't obey a cancellation can't hold up whoever waits here.
    """
    task = asyncio.ensure_future(doing)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
        task.add_done_callback(_forget)
    else:
        _forget(task)


def _forget(task: asyncio.Future[None]) -> None:
    """Look at how a task ended, so that nobody misses it; the client is thrown away anyhow."""
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.debug("the end of a link was not clean: %s", type(error).__name__)
