"""A virtual wearable on a Bluetooth controller: advertising, GATT, packets in the body's time.

The characteristics are those of the profile. Packets are sent when their last sample is taken;
what goes wrong with their bytes and times are the scripted faults of ``simulate.faults``, what
goes wrong with the link are methods here.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Final

from bumble import hci
from bumble.att import ATT_Error, Attribute, ErrorCode
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink

from biofeedback.decode.profile import MANUFACTURER, expand_uuid
from biofeedback.messages import NS_PER_S, PacketReceived
from biofeedback.virtual.devices import SERIAL_UUID
from biofeedback.virtual.pmd import CONTROL_UUID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from bumble.device import Connection

    from biofeedback.decode.profile import Access, Profile
    from biofeedback.simulate.faults import Fault
    from biofeedback.simulate.frames import FrameMaker
    from biofeedback.virtual.air import Air
    from biofeedback.virtual.devices import Strap

DEVICE_INFORMATION: Final = expand_uuid("180a")
_ADVERTISING_BYTES = 31
_SMALLEST_MTU = 23
_Properties = Characteristic.Properties
_PROPERTIES: Final[dict[Access, Characteristic.Properties]] = {
    "notify": _Properties.NOTIFY,
    "indicate": _Properties.INDICATE,
    "read": _Properties.READ,
    "write": _Properties.WRITE,
}


class Peripheral:
    """One virtual wearable.

    Args:
        profile: What it offers.
        device: What it answers and sends.
        name: Its name in the air.
        faults: What goes wrong with its packets; they see the body's time and the name.
        speed_ratio: How many seconds of the body pass in one of the host (tests are in a hurry).
        first_data_delay_s: Between a start and its first packet, of the body.
        leave_out: Services that are not there although the profile has them.
        interval_ms: Between two advertisements.
    """

    def __init__(
        self,
        profile: Profile,
        device: Strap,
        *,
        name: str,
        faults: Sequence[Fault] = (),
        speed_ratio: float = 1.0,
        first_data_delay_s: float = 0.0,
        leave_out: Sequence[str] = (),
        interval_ms: float = 50.0,
    ) -> None:
        self.profile = profile
        self.device = device
        self.name = name
        self.requests: list[bytes] = []
        self.subscriptions = 0
        self.packets = 0
        self.sent: list[tuple[str, float, bytes]] = []
        self.keep_sent = False
        self.mute = False
        self.unreadable: set[str] = set()
        self._faults = faults
        self._speed = speed_ratio
        self._first_data_delay_s = first_data_delay_s
        self._leave_out = {expand_uuid(uuid) for uuid in leave_out}
        self._interval_ms = interval_ms
        self._characteristics: dict[str, Characteristic[Any]] = {}
        self._streams: dict[object, asyncio.Task[None]] = {}
        self._outbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None
        self._started_s = 0.0
        self._cut_next = False
        self._air: Air | None = None
        self._controller: Controller | None = None
        self._radio: Device | None = None
        self._exit = contextlib.AsyncExitStack()
        self.connections: set[Connection] = set()

    # ------------------------------------------------------------ on the air

    async def start_in(self, air: Air, *, address: str) -> None:
        """Begin to advertise on a virtual link."""
        self._air = air
        self._controller = Controller(self.name, link=air, public_address=address)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        config = DeviceConfiguration(name=self.name, address=hci.Address(address))
        await self._start(Device(config=config, host=host))

    async def start_on(self, transport: str, *, address: str) -> None:
        """Begin to advertise on a controller that bumble can reach, for example ``usb:0``.

        Raises:
            Exception: Whatever bumble says of the transport.
        """
        opened = await self._exit.enter_async_context(await open_transport(transport))
        await self._start(
            Device.with_hci(self.name, hci.Address(address), opened.source, opened.sink)
        )

    async def stop(self) -> None:
        """Fall silent and leave the air."""
        tasks = [*self._streams.values(), *([self._sender] if self._sender else [])]
        self._streams.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._radio is not None:
            await self._radio.power_off()
        if self._air is not None and self._controller is not None:
            self._air.remove_controller(self._controller)
        await self._exit.aclose()

    async def _start(self, radio: Device) -> None:
        self._radio = radio
        radio.add_services(self._services())
        radio.on("connection", self._on_connection)
        radio.gatt_server.on("characteristic_subscription", self._on_subscription)
        self._started_s = asyncio.get_running_loop().time()
        self._sender = asyncio.create_task(self._send_all())
        await radio.power_on()
        await self.advertise()
        shared = self.device.shared(self.now_s())
        if shared is not None:
            self._streams["shared"] = asyncio.create_task(self._share(*shared))

    async def _share(self, company: int, frames: FrameMaker) -> None:
        """Advertise one value after the other."""
        while True:
            last_s, payload = frames.make()
            await self._sleep_until(last_s)
            if self._radio is not None and not self.mute:
                self.packets += 1
                if self.keep_sent:
                    self.sent.append((f"{MANUFACTURER}{company:04x}", last_s, payload))
                await self._radio.stop_advertising()
                await self.advertise(company.to_bytes(2, "little") + payload)

    async def advertise(self, manufacturer_data: bytes = b"") -> None:
        """Say who is here, and perhaps more."""
        if self._radio is None:
            return
        uuids = [UUID(short) for short in self.profile.match.services if len(short) == 4]
        parts: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, b"\x06")]
        if uuids:
            listed = b"".join(bytes(uuid) for uuid in uuids)
            parts.append((AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, listed))
        if manufacturer_data:
            parts.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, manufacturer_data))
        name = (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())
        # The virtual controller of bumble 0.0.236 never sends a scan response: the name has to
        # fit the advertisement itself.
        room = _ADVERTISING_BYTES - len(bytes(AdvertisingData(parts))) - 2
        parts.append((name[0], name[1][:room]))
        await self._radio.start_advertising(
            auto_restart=True,
            advertising_interval_min=self._interval_ms,
            advertising_interval_max=self._interval_ms,
            advertising_data=bytes(AdvertisingData(parts)),
            scan_response_data=bytes(AdvertisingData([name])),
        )

    # ------------------------------------------------------------ what goes wrong with the link

    async def hang_up(self) -> None:
        """End the link, as a wearable does that is switched off or taken by somebody else."""
        for connection in list(self.connections):
            await connection.disconnect()

    def leave(self, *, timeout_s: float | None = None) -> None:
        """Walk out of range (virtual air only)."""
        if self._air is not None and self._controller is not None:
            self._air.leave(self._controller, timeout_s=timeout_s)

    def come_back(self) -> None:
        """Walk back into range."""
        if self._air is not None and self._controller is not None:
            self._air.come_back(self._controller)

    def refuse_mtu(self) -> None:
        """Agree to the smallest MTU only."""
        if self._radio is not None:
            self._radio.gatt_server.max_mtu = _SMALLEST_MTU

    def cut_next_packet(self) -> None:
        """Send half of the next packet, then hang up."""
        self._cut_next = True

    def stop_measurements(self) -> None:
        """Stop what was started, as a device does by itself, and say so."""
        control = getattr(self.device, "control", None)
        if control is not None:
            self._outbox.put_nowait((CONTROL_UUID, control.stop_all()))
            self._adjust_streams()

    def send(self, uuid: str, payload: bytes) -> None:
        """Send any bytes to whoever listens."""
        self._outbox.put_nowait((uuid, payload))

    def is_subscribed(self, uuid: str) -> bool:
        """Tell whether a host listens to a characteristic."""
        known = self._characteristics.get(uuid)
        if known is None or self._radio is None:
            return False
        listening = self._radio.gatt_server.subscribers.values()
        return any(flags.get(known.handle, b"\0")[0] for flags in listening)

    # ------------------------------------------------------------ GATT

    def _services(self) -> list[Service]:
        services: dict[str, list[Characteristic[Any]]] = {}
        for described in self.profile.characteristics:
            if described.uuid.startswith(MANUFACTURER):
                continue
            uuid, service = expand_uuid(described.uuid), expand_uuid(described.service)
            if service in self._leave_out:
                continue
            properties = _Properties(0)
            for access in described.access:
                properties |= _PROPERTIES[access]
            characteristic: Characteristic[Any] = Characteristic(
                UUID(uuid),
                properties,
                Attribute.READABLE | Attribute.WRITEABLE,
                CharacteristicValue(read=self._reader(uuid), write=self._writer(uuid)),
            )
            self._characteristics[uuid] = characteristic
            services.setdefault(service, []).append(characteristic)
        if DEVICE_INFORMATION in services:
            # No profile reads the serial as data: it never becomes a message.
            serial: Characteristic[Any] = Characteristic(
                UUID(SERIAL_UUID),
                _Properties.READ,
                Attribute.READABLE,
                CharacteristicValue(read=self._reader(SERIAL_UUID)),
            )
            services[DEVICE_INFORMATION].append(serial)
        return [Service(UUID(uuid), inside) for uuid, inside in services.items()]

    def _reader(self, uuid: str) -> Callable[[Connection], bytes]:
        def read(_connection: Connection) -> bytes:
            if uuid in self.unreadable:
                raise ATT_Error(ErrorCode.READ_NOT_PERMITTED)
            return self.device.values.get(uuid, b"\0")

        return read

    def _writer(self, uuid: str) -> Callable[[Connection, bytes], Awaitable[None]]:
        async def write(connection: Connection, value: bytes) -> None:
            self.requests.append(bytes(value))
            reply = self.device.write(uuid, bytes(value), mtu=connection.att_mtu)
            if reply is not None:
                self._outbox.put_nowait(reply)
            self._adjust_streams()

        return write

    def _on_connection(self, connection: Connection) -> None:
        self.connections.add(connection)

        def forget(_reason: int) -> None:
            self._on_disconnection(connection)

        connection.on("disconnection", forget)

    def _on_disconnection(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self.device.link_ended()
            self._adjust_streams()

    def _on_subscription(self, *_: object) -> None:
        self.subscriptions += 1
        # The event comes while the subscription is being written: look at it afterwards.
        asyncio.get_running_loop().call_soon(self._adjust_streams)

    # ------------------------------------------------------------ packets

    def now_s(self) -> float:
        """Read the time in the body's story."""
        return (asyncio.get_running_loop().time() - self._started_s) * self._speed

    def host_s(self, body_s: float) -> float:
        """Turn the body's time into that of the host's monotonic clock."""
        return self._started_s + body_s / self._speed

    def _adjust_streams(self) -> None:
        """Let those streams run that are wanted, and no others."""
        now_s = self.now_s()
        wanted = self.device.streams(now_s, self._first_data_delay_s, self.is_subscribed)
        for key in self._streams.keys() - wanted.keys() - {"shared"}:
            self._streams.pop(key).cancel()
        for key, (uuid, maker) in wanted.items():
            if key not in self._streams and self.connections:
                self._streams[key] = asyncio.create_task(self._stream(uuid, maker()))

    async def _stream(self, uuid: str, frames: FrameMaker) -> None:
        while True:
            last_s, payload = frames.make()
            if math.isinf(last_s):
                return
            await self._sleep_until(last_s)
            packet = PacketReceived(
                at_ns=round(last_s * NS_PER_S),
                wearer="",
                sensor=self.name,
                characteristic=uuid,
                payload=payload,
            )
            for arriving in self._strike(packet):
                await self._sleep_until(arriving.at_ns / NS_PER_S)
                if self.keep_sent:
                    self.sent.append((uuid, arriving.at_ns / NS_PER_S, arriving.payload))
                self._outbox.put_nowait((uuid, arriving.payload))

    async def _sleep_until(self, body_s: float) -> None:
        delay_s = self.host_s(body_s) - asyncio.get_running_loop().time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    def _strike(self, packet: PacketReceived) -> list[PacketReceived]:
        arriving = [packet]
        for fault in self._faults:
            arriving = [changed for one in arriving for changed in fault.strike(one)]
        return arriving

    async def _send_all(self) -> None:
        while True:
            uuid, payload = await self._outbox.get()
            characteristic = self._characteristics.get(uuid)
            if characteristic is None or self._radio is None or self.mute:
                continue
            self.packets += 1
            if self._cut_next and uuid != CONTROL_UUID:
                self._cut_next = False
                half = payload[: len(payload) // 2]
                await self._radio.notify_subscribers(characteristic, half)
                await self.hang_up()
                continue
            # A host that leaves at this moment doesn't get it, and that is all.
            with contextlib.suppress(asyncio.TimeoutError, ATT_Error):
                if characteristic.properties & _Properties.INDICATE:
                    await self._radio.indicate_subscribers(characteristic, payload)
                else:
                    await self._radio.notify_subscribers(characteristic, payload)
