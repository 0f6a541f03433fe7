"""Device Information Service 180A: maker, model and versions.

Serial number and system id are left out on purpose: they identify a person's device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.decode.context import Context

MAX_CHARACTERS = 64


class DeviceInformation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One string of the service; exactly one field is set."""

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    hardware: str | None = None
    software: str | None = None


def _decode_text(payload: bytes) -> str:
    # Some makers pad with NUL bytes; others cut a character in two at the end of a packet.
    text = payload.split(b"\0", 1)[0].decode("utf-8", errors="replace")
    printable = "".join(character for character in text if character.isprintable()).strip()
    if not printable:
        raise Malformed("empty", "no printable text")
    return printable[:MAX_CHARACTERS]


def _decoder(
    build: Callable[[str], DeviceInformation],
) -> Callable[[bytes, Context], DeviceInformation]:
    def decode(payload: bytes, context: Context) -> DeviceInformation:
        del context
        return build(_decode_text(payload))

    return decode


decode_manufacturer = _decoder(lambda text: DeviceInformation(manufacturer=text))
decode_model = _decoder(lambda text: DeviceInformation(model=text))
decode_firmware = _decoder(lambda text: DeviceInformation(firmware=text))
decode_hardware = _decoder(lambda text: DeviceInformation(hardware=text))
decode_software = _decoder(lambda text: DeviceInformation(software=text))
