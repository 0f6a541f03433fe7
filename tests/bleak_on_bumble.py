"""A backend for bleak on top of bumble: a central on a virtual controller.

::

    radio = await Radio(Air()).start()
    device = await BleakScanner.find_device_by_name("Polar H10 1", backend=radio.Scanner)
    async with BleakClient(device, backend=radio.Client) as client: ...

bleak itself is unmodified; ``backend=`` is its documented hook for custom backends and takes a
type, hence the two classes that a radio makes bound to itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bleak import BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from bumble import hci
from bumble.att import ATT_Error
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, DeviceConfiguration, Peer
from bumble.gatt import Characteristic
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from biofeedback.virtual.air import Air

PROPERTIES = {
    Characteristic.Properties.BROADCAST: "broadcast",
    Characteristic.Properties.READ: "read",
    Characteristic.Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
    Characteristic.Properties.WRITE: "write",
    Characteristic.Properties.NOTIFY: "notify",
    Characteristic.Properties.INDICATE: "indicate",
}
WANTED_MTU = 247


def full_uuid(uuid: UUID) -> str:
    if len(uuid.uuid_bytes) == 16:
        return uuid.to_hex_str("-").lower()
    return f"0000{uuid.to_hex_str().lower()[-4:]}-0000-1000-8000-00805f9b34fb"


class Radio:
    """One virtual Bluetooth adapter (central) and the air around it, with switches for faults."""

    def __init__(self, air: Air | None = None, address: str = "F0:F1:F2:F3:F4:F5") -> None:
        self.air = air or Air()
        self.address = address
        self.scanners: set[BumbleScanner] = set()
        self.connect_lock = asyncio.Lock()  # a controller knows one pending connection
        self.clients: list[BumbleClient] = []
        self.connects = 0
        self.powered = True
        self.connect_hangs = False
        self.disconnect_hangs = False
        self.report_disconnects = True
        self.connect_errors: list[Exception] = []
        self.Scanner = type("BumbleScanner", (BumbleScanner,), {"radio": self})
        self.Client = type("BumbleClient", (BumbleClient,), {"radio": self})

    async def start(self) -> Radio:
        self.controller = Controller("central", link=self.air, public_address=self.address)
        host = Host(self.controller, AsyncPipeSink(self.controller))
        config = DeviceConfiguration(name="central", address=hci.Address(self.address))
        self.device = Device(config=config, host=host)
        self.device.on("advertisement", self._on_advertisement)
        await self.device.power_on()
        return self

    async def stop(self) -> None:
        await self.device.power_off()

    def open_connections(self) -> int:
        return len(self.device.connections)

    async def switch_off(self) -> None:
        self.powered = False
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    def check_power(self) -> None:
        if not self.powered:
            raise BleakBluetoothNotAvailableError(
                "switched off", BleakBluetoothNotAvailableReason.POWERED_OFF
            )

    async def update_scan(self) -> None:
        want, have = bool(self.scanners), self.device.is_scanning
        if want and not have:
            await self.device.start_scanning(filter_duplicates=False)
        elif have and not want:
            await self.device.stop_scanning()

    def _on_advertisement(self, advertisement) -> None:
        for scanner in list(self.scanners):
            scanner.on_advertisement(advertisement)


class BumbleScanner(BaseBleakScanner):
    radio: Radio

    def __init__(self, detection_callback, service_uuids, scanning_mode="active", **kwargs: Any):
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.radio.check_power()
        self.seen_devices = {}
        self.radio.scanners.add(self)
        await self.radio.update_scan()

    async def stop(self) -> None:
        self.radio.scanners.discard(self)
        await self.radio.update_scan()

    def on_advertisement(self, advertisement) -> None:
        kind, data = AdvertisingData, advertisement.data
        uuids: list[str] = []
        for listed in (
            kind.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            kind.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            kind.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            kind.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        ):
            for group in data.get_all(listed):
                uuids += [uuid for uuid in map(full_uuid, group) if uuid not in uuids]
        name = data.get(kind.COMPLETE_LOCAL_NAME) or data.get(kind.SHORTENED_LOCAL_NAME)
        if isinstance(name, bytes):
            name = name.decode("utf-8", "replace")
        maker = {number: bytes(v) for number, v in data.get_all(kind.MANUFACTURER_SPECIFIC_DATA)}
        service = {full_uuid(u): bytes(v) for u, v in data.get_all(kind.SERVICE_DATA_16_BIT_UUID)}
        address = str(advertisement.address).split("/")[0]
        if address in self.seen_devices:  # an operating system merges both kinds of packet
            old = self.seen_devices[address][1]
            name = name or old.local_name
            uuids = uuids or old.service_uuids
        seen = AdvertisementData(
            name,
            maker,
            service,
            uuids,
            data.get(kind.TX_POWER_LEVEL),
            advertisement.rssi,
            (advertisement,),
        )
        device = self.create_or_update_device(address, address, name, advertisement.address, seen)
        if self.is_allowed_uuid(seen.service_uuids):
            self.call_detection_callbacks(device, seen)


class BumbleClient(BaseBleakClient):
    radio: Radio

    def __init__(self, address_or_ble_device, services=None, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._wanted = services
        known = isinstance(address_or_ble_device, BLEDevice)
        self._target = address_or_ble_device.details if known else None
        self._name = address_or_ble_device.name if known else None
        self._connection = None
        self._gone: asyncio.Event | None = None
        self._subscriptions: dict[int, Any] = {}
        self.radio.clients.append(self)

    @property
    def name(self) -> str:
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        if self._connection:
            raise BleakError("Client is already connected")
        self.radio.check_power()
        self.radio.connects += 1
        if self.radio.connect_hangs:
            await asyncio.Event().wait()
        if self.radio.connect_errors:
            raise self.radio.connect_errors.pop(0)
        async with asyncio.timeout(kwargs.get("timeout", self._timeout)):
            if self._target is None:
                found = await BleakScanner.find_device_by_address(
                    self.address, timeout=self._timeout, backend=self.radio.Scanner
                )
                if found is None:
                    raise BleakDeviceNotFoundError(self.address, "was not found")
                self._target, self._name = found.details, found.name
            async with self.radio.connect_lock:
                connection = await self.radio.device.connect(self._target, timeout=None)
            self._connection, self._gone = connection, asyncio.Event()
            connection.on("disconnection", self._on_disconnection)
            try:
                peer = Peer(connection)
                await peer.request_mtu(WANTED_MTU)
                self.services = await self._discover(peer)
            except BaseException:
                await self.disconnect()
                raise
            if not self._connection:
                raise BleakError("failed to discover services, device disconnected")

    async def _discover(self, peer: Peer) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        for s in await peer.discover_services():
            if self._wanted is not None and full_uuid(s.uuid) not in self._wanted:
                continue
            service = BleakGATTService(s, s.handle, full_uuid(s.uuid))
            found.add_service(service)
            for c in await s.discover_characteristics():
                properties = [name for bit, name in PROPERTIES.items() if c.properties & bit]
                characteristic = BleakGATTCharacteristic(
                    c, c.handle, full_uuid(c.uuid), properties, lambda: self.mtu_size - 3, service
                )
                found.add_characteristic(characteristic)
                for d in await c.discover_descriptors():
                    uuid = full_uuid(d.type)
                    found.add_descriptor(BleakGATTDescriptor(d, d.handle, uuid, characteristic))
        return found

    def _on_disconnection(self, reason: int) -> None:
        if self._connection is None or not self.radio.report_disconnects:
            return
        self._connection = self.services = None
        self._subscriptions.clear()
        self._gone.set()
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self.radio.disconnect_hangs:
            await asyncio.Event().wait()
        if self._connection:
            await self._connection.disconnect()
            await asyncio.wait_for(self._gone.wait(), 10)

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        await self._need().pair()

    async def unpair(self) -> None:
        await self.disconnect()

    def _need(self):
        if not self._connection:
            raise BleakError("Not connected")
        return self._connection

    async def _ask(self, awaitable):
        try:
            return await self._need().cancel_on_disconnection(awaitable)
        except ATT_Error as error:
            raise BleakGATTProtocolError(BleakGATTProtocolErrorCode(error.error_code)) from error
        except asyncio.CancelledError:
            if self._connection is None:
                raise BleakError("Not connected") from None
            raise

    async def read_gatt_char(self, characteristic, *, use_cached=False, **kwargs) -> bytearray:
        self._need()
        return bytearray(await self._ask(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor, *, use_cached=False, **kwargs) -> bytearray:
        self._need()
        return bytearray(await self._ask(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic, data, response) -> None:
        self._need()
        await self._ask(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor, data) -> None:
        self._need()
        await self._ask(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(self, characteristic, callback, **kwargs) -> None:
        self._need()
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakError(f"{characteristic.uuid} can neither notify nor indicate")
        if characteristic.handle in self._subscriptions:
            raise BleakError("Characteristic notifications already started")

        def on_value(value: bytes) -> None:
            callback(bytearray(value))

        await self._ask(characteristic.obj.subscribe(on_value))
        self._subscriptions[characteristic.handle] = on_value

    async def stop_notify(self, characteristic) -> None:
        self._need()
        subscriber = self._subscriptions.pop(characteristic.handle, None)
        await self._ask(characteristic.obj.unsubscribe(subscriber))
