"""``biofeedback decode``: packets as hex in, one JSON object per packet out."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import typer

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.plain import PlainPacket
from biofeedback.decode.profile import (
    MANUFACTURER,
    expand_uuid,
    find_characteristic,
    find_decoder,
)
from biofeedback.decode.sequence import decode_sequence
from biofeedback.errors import SettingsError
from biofeedback.profiles import load_profile
from biofeedback.settings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from biofeedback.decode.context import Context
    from biofeedback.decode.profile import Characteristic, Profile

DIRECTIONS = ("notify", "indicate", "read", "write", "advertisement")
TEXTS = frozenset({"path"})
"""Keys of the context whose values are texts."""
CONTEXT_KEYS = (
    "factor",
    "range",
    "path",
    "acc_factor",
    "gyro_factor",
    "mag_factor",
    "acc_range_g",
    "range_g",
    "lsb_per_g",
    "payload_id",
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
    characteristic: Annotated[
        str, typer.Option(help="UUID, four digits or full; manufacturer:0157 for advertised data.")
    ],
    direction: Annotated[
        str,
        typer.Option(
            help="notify, indicate, read, advertisement, or write (what is sent to the device)."
        ),
    ] = "notify",
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="What was learned at the start: factor=0.000244, path=/Meas/Acc/52.",
        ),
    ] = None,
    sequence: Annotated[
        bool, typer.Option("--sequence", help="The packets belong together: one JSON object.")
    ] = False,
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
    loaded = load_profile(profile)
    found = _find_characteristic(loaded, characteristic)
    decoder = _find_decoder(loaded, found, direction)
    known = {**loaded.context, **_read_context(context or [])}
    payloads = [_read_hex(text) for text in _texts(packets)]
    if sequence:
        packet_format = (found.write_format if direction == "write" else found.format) or ""
        typer.echo(describe_sequence(packet_format, decoder, payloads, known))
        return
    for payload in payloads:
        typer.echo(describe_packet(decoder, payload, known))


def describe_packet(
    decoder: Callable[[bytes, Context], Any], payload: bytes, context: Context
) -> str:
    """Return one line of JSON for one packet, also for one that is malformed."""
    return _describe(lambda: decoder(payload, context))


def describe_sequence(
    packet_format: str,
    decoder: Callable[[bytes, Context], Any],
    payloads: Sequence[bytes],
    context: Context,
) -> str:
    """Return one line of JSON for packets that belong together, also if one is malformed."""
    return _describe(lambda: decode_sequence(packet_format, decoder, payloads, context))


def _describe(decode: Callable[[], Any]) -> str:
    answer: Any
    try:
        answer = decode()
    except Malformed as malformed:
        answer = {"malformed": True, "reason": malformed.reason, "detail": malformed.detail}
    if isinstance(answer, PlainPacket):
        answer = answer.values
    return msgspec.json.encode(answer, enc_hook=_encode_array).decode()


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _find_characteristic(profile: Profile, text: str) -> Characteristic:
    words = text.split()
    company = re.search(r"0x([0-9a-fA-F]{4})$", text)
    if company and words[0] == "advertising":
        words = [f"{MANUFACTURER}{company[1].lower()}"]
    characteristic = find_characteristic(profile, words[0]) if words else None
    if characteristic is None:
        known = ", ".join(part.uuid for part in profile.characteristics)
        raise SettingsError(
            f"--characteristic {text!r}: profile {profile.name} has no such one; it has: {known}"
        )
    return characteristic


def _find_decoder(
    profile: Profile, characteristic: Characteristic, direction: str
) -> Callable[[bytes, Context], Any]:
    if direction not in DIRECTIONS:
        raise SettingsError(f"--direction {direction!r}: allowed: {', '.join(DIRECTIONS)}")
    decoder = find_decoder(characteristic, write=direction == "write")
    if decoder is None:
        raise SettingsError(
            f"--direction {direction!r}: profile {profile.name} knows no packet format for "
            f"{expand_uuid(characteristic.uuid)} in that direction"
        )
    return decoder


def _read_context(pairs: list[str]) -> dict[str, float | str]:
    context: dict[str, float | str] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if key.strip() in TEXTS and text:
            context[key.strip()] = text
            continue
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
        raise SettingsError(
            f"packet {text!r}: not hex: give two of 0-9 and a-f for each byte, as 103b5304."
        ) from error
