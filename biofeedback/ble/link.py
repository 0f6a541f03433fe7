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
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bleak import BleakClient

from biofeedback.ble.control_point import PMD_FORMAT, ControlPoint
from biofeedback.ble.reasons import Reason, SensorFailure, explain
from biofeedback.ble.wanted import BATTERY_UUID, SERIAL_UUID, starts_for
from biofeedback.ble.watch import Running, Watcher
from biofeedback.decode.profile import expand_uuid

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
_TRY_NEXT_START = frozenset({Reason.START_REFUSED})


@dataclass(slots=True)
class Found:
    """What a link learned of its sensor; ``serial`` never leaves the memory in clear."""

    mtu: int | None = None
    battery_percent: int | None = None
    serial: str | None = None
    firmware: str | None = None
    model: str | None = None
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
        self._running = Running()
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
            if self._running.gone.is_set():
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
        self._running.data = set(self._wanted.data_characteristics())

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
                self.found.firmware = _text(value)
            elif described.format == "model_number":
                self.found.model = _text(value)
        serial = await self._read(SERIAL_UUID, tell=False)
        self.found.serial = None if serial is None else serial.decode("utf-8", "replace")
        percent = self.found.battery_percent
        if percent is not None and percent < EMPTY_PERCENT and not self._wanted.even_if_empty:
            raise SensorFailure(Reason.BATTERY_EMPTY, f"{percent} %")
        firmware, denied = self.found.firmware, self._wanted.profile.denied_firmwares
        known_bad = any(fnmatchcase(firmware or "", pattern) for pattern in denied)
        if firmware is not None and known_bad and not self._wanted.even_if_denied:
            raise SensorFailure(Reason.FIRMWARE_DENIED, firmware)

    async def read_battery(self) -> None:
        """Read the battery again, if it doesn't tell by itself."""
        if BATTERY_UUID not in self._running.last_ns:
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
            self._running.control = ControlPoint(
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
        if uuid in self._running.data:
            self.data_packets += 1
        self._running.last_ns[uuid] = at_ns
        if uuid == BATTERY_UUID:
            self._note_battery(payload)
        elif uuid == self._control_uuid and self._running.control is not None:
            self._running.control.hear(payload)
        self._take(uuid, payload, at_ns)

    async def _write(self, uuid: str, value: bytes) -> None:
        characteristic = self._characteristic(uuid)
        if characteristic is None:
            raise SensorFailure(Reason.NOT_SUPPORTED, f"it has no characteristic {uuid}")
        response = "write" in characteristic.properties
        await self._client.write_gatt_char(characteristic, value, response=response)

    async def _start_all(self) -> None:
        if self._running.control is not None and any(starts for _, starts in self._wanted.chosen()):
            size = (self.found.mtu or _SMALLEST_MTU) - _ATT_HEADER_BYTES
            await self._running.control.send_script(self._wanted.script, chunk_bytes=size)
        for stream, starts in self._wanted.chosen():
            if starts:
                await self._start(stream, starts)
        if self.found.refused and not self._delivers():
            raise next(iter(self.found.refused.values()))

    def _delivers(self) -> bool:
        """Tell whether anything comes although some streams were refused."""
        return bool(self._running.started) or any(not s for _, s in self._wanted.chosen())

    async def _start(self, stream: Stream, starts: tuple[Start, ...]) -> None:
        if self._running.control is None:
            return
        for start in starts_for(starts, self.found.model):
            try:
                await self._running.control.start(stream, start)
            except SensorFailure as failure:
                self.found.refused[stream.name] = failure
                if failure.reason not in _TRY_NEXT_START:
                    return
            else:
                self.found.refused.pop(stream.name, None)
                self._running.started[stream.name] = (stream, start)
                return

    # ------------------------------------------------------------ watch

    async def watch(self, each_check: Callable[[], None]) -> None:
        """Keep the link until it is over; call ``each_check`` now and then.

        Raises:
            SensorFailure: The link ended, or nothing comes any more.
        """
        watcher = Watcher(
            self._wanted,
            self._running,
            self._pace,
            is_connected=lambda: self._client.is_connected,
            resubscribe=self._resubscribe,
            read_battery=self.read_battery,
        )
        await watcher.watch(each_check)

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
        if self._client.is_connected and not self._running.gone.is_set():
            await _try(self._stop_all(), self._pace.stop_s)
        await _try(self._client.disconnect(), self._pace.disconnect_s)

    async def _stop_all(self) -> None:
        if self._running.control is None:
            return
        started, self._running.started = self._running.started, {}
        for stream, start in started.values():
            await self._running.control.stop(stream, start)

    def _on_disconnect(self, _: BleakClient) -> None:
        self._running.gone.set()


def _text(value: bytes) -> str | None:
    return value.decode("utf-8", "replace").strip("\0 ")[:64] or None


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
