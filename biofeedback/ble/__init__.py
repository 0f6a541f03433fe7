"""Bluetooth LE: sensors are found, connected, kept, and let go. bleak is imported only here.

::

    scan.py           one scanner for everybody; a guess at each band's profile
    choose.py         from "ble:NAME" to exactly the sensors that are meant
    identify.py       pseudonyms instead of addresses; what was bound to whom
    taps.py           which of these is it? the one that is tapped three times
    wanted.py         which sensor, whose, where, what it shall deliver
    link.py           one connection: look, subscribe, start, stamp first, watch, stop
    advertised.py     heart rate from advertisements, without a connection
    control_point.py  commands and their replies
    supervise.py      one sensor for the whole session: silence, back-off, again
    source.py         all sensors of a session, in a thread that fills the app's inbox
    pace.py           how long things may take
    reasons.py        why there is no data, and what to do next
"""

from __future__ import annotations

import asyncio

from bleak import BleakScanner
from bleak.exc import BleakError

from biofeedback.ble.reasons import explain_adapter

PROBE_S = 1.0


def require_bluetooth() -> None:
    """Make sure that there is a Bluetooth adapter that can be used.

    Raises:
        BluetoothUnavailable: There is none; the message says what to do.
    """
    try:
        asyncio.run(_listen_shortly())
    except (BleakError, OSError, EOFError) as error:
        raise explain_adapter(error) from error


async def _listen_shortly() -> None:
    async with BleakScanner():
        await asyncio.sleep(PROBE_S)
