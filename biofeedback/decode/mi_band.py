"""Mi Band and relatives: heart rate from advertisements (company 0x0157), and old commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

HEART_RATE_AT = 3
ACTIONS: Final[dict[bytes, str]] = {
    bytes.fromhex("150200"): "stop manual",
    bytes.fromhex("150201"): "start manual",
    bytes.fromhex("150100"): "stop continuous",
    bytes.fromhex("150101"): "start continuous",
    bytes.fromhex("16"): "keep-alive, about every 12 s",
}


class MiBandAdvertisement(msgspec.Struct, frozen=True, kw_only=True):
    """Heart rate in the manufacturer data; 0 and 255 mean that there is none."""

    hr_bpm: Annotated[int, Meta(ge=0, le=255)]


class MiBandCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A write to the heart rate control point of a Mi Band 2 or 3, in words."""

    action: str


def decode_mi_band_advertisement(payload: bytes, context: Context) -> MiBandAdvertisement:
    """Decode manufacturer data without its company number; only byte 3 is known."""
    del context
    if len(payload) <= HEART_RATE_AT:
        raise Malformed("too_short", f"{len(payload)} bytes, the heart rate is byte 3")
    return MiBandAdvertisement(hr_bpm=payload[HEART_RATE_AT])


def decode_mi_band_command(payload: bytes, context: Context) -> MiBandCommand:
    """Decode a write to 2A39."""
    del context
    action = ACTIONS.get(payload)
    if action is None:
        raise Malformed("unknown_type", f"the command {payload[:4].hex()} is not known")
    return MiBandCommand(action=action)
