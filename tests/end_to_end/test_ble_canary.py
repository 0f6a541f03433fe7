"""What we rely on in bleak and bumble. When this fails after an update, look before you fix."""

from __future__ import annotations

import asyncio
import inspect
from importlib.metadata import version

import pytest
from bleak import BleakClient, BleakScanner, exc
from bleak.backends.device import BLEDevice
from bumble import gatt_server

from tests.ble_stage import HEART_RATE, address_of, make_peripheral, staged


def test_backends_are_chosen_by_a_documented_argument():
    for kind in (BleakClient, BleakScanner):
        assert "backend" in inspect.signature(kind.__init__).parameters


def test_errors_carry_reasons_and_names_and_not_only_text():
    reason = exc.BleakBluetoothNotAvailableReason.POWERED_OFF
    assert exc.BleakBluetoothNotAvailableError("off", reason).reason is reason
    assert exc.BleakDBusError("org.bluez.Error.InProgress", []).dbus_error.endswith("InProgress")
    assert issubclass(exc.BleakDeviceNotFoundError, exc.BleakError)
    assert issubclass(exc.BleakGATTProtocolError, exc.BleakError)
    assert issubclass(exc.BleakCharacteristicNotFoundError, exc.BleakError)


def test_a_device_is_told_by_its_address():
    assert BLEDevice("C0:FF:EE:00:00:01", "name", None).address == "C0:FF:EE:00:00:01"


def test_a_client_tells_when_the_other_end_hangs_up_and_refuses_a_second_subscription():
    strap = make_peripheral("sig_hrs")

    async def play():
        async with staged(strap) as stage:
            device = await BleakScanner.find_device_by_address(
                address_of(1), timeout=5.0, backend=stage.radio.Scanner
            )
            gone, heard = asyncio.Event(), asyncio.Event()
            client = BleakClient(device, lambda _: gone.set(), backend=stage.radio.Client)
            await client.connect()
            characteristic = client.services.get_characteristic(HEART_RATE)
            assert (
                client.services.get_characteristic("0000ffff-0000-1000-8000-00805f9b34fb") is None
            )
            assert "notify" in characteristic.properties
            assert characteristic.max_write_without_response_size + 3 >= 232

            def hear(sender, payload):
                assert (sender.uuid, type(payload)) == (HEART_RATE, bytearray)
                heard.set()

            await client.start_notify(characteristic, hear)
            with pytest.raises(exc.BleakError):
                await client.start_notify(characteristic, hear)
            await asyncio.wait_for(heard.wait(), 5.0)
            await strap.hang_up()
            await asyncio.wait_for(gone.wait(), 5.0)
            assert not client.is_connected
            await client.disconnect()

    asyncio.run(play())


def test_bumble_cuts_what_is_longer_than_the_mtu_and_knows_its_subscribers():
    source = inspect.getsource(gatt_server.Server)
    assert "bearer.att_mtu - 3" in source
    assert "characteristic_subscription" in inspect.getsource(gatt_server)
    assert gatt_server.GATT_SERVER_DEFAULT_MAX_MTU >= 232


def test_the_versions_are_those_that_were_tested_together():
    assert int(version("bleak").split(".")[0]) >= 3
    assert version("bumble").startswith("0.0.")
