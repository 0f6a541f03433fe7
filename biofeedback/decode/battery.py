"""Battery Service 180F: battery level 2A19."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context


class BatteryLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Charge in per cent; None when the device sent a value outside 0..100 (255 is common)."""

    battery_percent: int | None


def decode_battery_level(payload: bytes, context: Context) -> BatteryLevel:
    """Decode a battery level (2A19)."""
    del context
    if len(payload) != 1:
        raise Malformed("bad_length", f"{len(payload)} bytes, a battery level has 1")
    percent = payload[0]
    return BatteryLevel(battery_percent=percent if percent <= 100 else None)
