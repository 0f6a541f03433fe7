"""``biofeedback decode``: packets as hex in, one JSON object per packet out."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import typer

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import decode_packet
from biofeedback.decode.profile import expand_uuid, find_characteristic
from biofeedback.errors import SettingsError
from biofeedback.profiles import load_profile
from biofeedback.settings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTIONS = ("notify", "indicate", "read", "write")
CONTEXT_KEYS = (
    "factor",
    "range",
    "path",
    "acc_factor",
    "gyro_factor",
    "mag_factor",
    "acc_range_g",
    *(
        f"{stream}_rate_hz"
        for stream in ("acc", "ecg", "ppg", "gyro", "mag", "skin_temp", "temperature")
    ),
)
"""What a stream may be told at its start; a packet format takes what it needs."""


def decode_command(
    packets: Annotated[
        list[str],
        typer.Argument(metavar="HEX", help="Packets as hex; - reads one a line from stdin."),
    ],
    profile: Annotated[str, typer.Option(help="Name of a profile, or a TOML file.")],
    characteristic: Annotated[str, typer.Option(help="UUID, four digits or full.")],
    direction: Annotated[
        str, typer.Option(help="notify, indicate, read or write (what is sent to the device).")
    ] = "notify",
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help="What was learned at the start, for example factor=0.000244."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object per packet (always so).")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="One line per packet (always so).")
    ] = False,
) -> None:
    """Decode packets of a wearable: one JSON object per packet.

    A packet that can't be used gives {"malformed": true, "reason": ...}.

    Example: biofeedback decode --profile sig_hrs --characteristic 2a37 103b5304
    """
    del json, plain
    packet_format = _find_format(profile, characteristic, direction)
    known = _read_context(context or [])
    for payload in [_read_hex(text) for text in _texts(packets)]:
        typer.echo(describe_packet(packet_format, payload, known))


def describe_packet(packet_format: str, payload: bytes, context: dict[str, float]) -> str:
    """Return one line of JSON for one packet, also for one that is malformed."""
    answer: Any
    try:
        answer = decode_packet(packet_format, payload, context)
    except Malformed as malformed:
        answer = {"malformed": True, "reason": malformed.reason, "detail": malformed.detail}
    return msgspec.json.encode(answer, enc_hook=_encode_array).decode()


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _find_format(profile_name: str, uuid: str, direction: str) -> str:
    if direction not in DIRECTIONS:
        raise SettingsError(f"--direction {direction!r}: allowed: {', '.join(DIRECTIONS)}")
    profile = load_profile(profile_name)
    words = uuid.split()
    characteristic = find_characteristic(profile, words[0]) if words else None
    if characteristic is None:
        known = ", ".join(part.uuid for part in profile.characteristics)
        raise SettingsError(
            f"--characteristic {uuid!r}: profile {profile.name} has no such one; it has: {known}"
        )
    packet_format = characteristic.write_format if direction == "write" else characteristic.format
    if packet_format is None:
        raise SettingsError(
            f"--direction {direction!r}: profile {profile.name} knows no packet format for "
            f"{expand_uuid(characteristic.uuid)} in that direction"
        )
    return packet_format


def _read_context(pairs: list[str]) -> dict[str, float]:
    context: dict[str, float] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not key or not equals or not math.isfinite(value):
            raise SettingsError(f"--context {pair!r}: KEY=NUMBER is needed, as factor=0.000244")
        if key.strip() not in CONTEXT_KEYS:
            near = did_you_mean(key.strip(), CONTEXT_KEYS)
            raise SettingsError(f"--context {pair!r}: there is no such key.{near}")
        context[key.strip()] = value
    return context


def _texts(packets: list[str]) -> Iterator[str]:
    for text in packets:
        if text == "-":
            yield from (line.rstrip("\n") for line in sys.stdin)
        else:
            yield text


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", " ").replace("-", " ").removeprefix("0x"))
    except ValueError as error:
        raise SettingsError(f"packet {text!r}: not hex: {error}") from error
