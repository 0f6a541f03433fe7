"""Packets that only mean something together, for a person who has them in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from biofeedback.decode.colmi import ColmiStepsRow
from biofeedback.decode.cycling_speed import CrankCadence, CyclingSpeed
from biofeedback.decode.framing import FRAMINGS
from biofeedback.decode.plain import PlainPacket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.decode.context import Context


def decode_sequence(
    packet_format: str,
    decode: Callable[[bytes, Context], Any],
    payloads: Sequence[bytes],
    context: Context,
) -> Any:
    """Decode packets in their order into one value.

    Streams are joined and cut into packets; cycling gives a cadence, step logs give rows, commands
    give one list of actions; everything else gives the packets one after another.

    Raises:
        Malformed: Any of the packets can't be used.
    """
    framing = FRAMINGS.get(packet_format)
    if framing is not None:
        stream = framing()
        payloads = [packet for chunk in payloads for packet in stream.update(chunk, 0).packets]
    packets = [decode(payload, context) for payload in payloads]
    if len(packets) == 1:
        return packets[0]
    if packets and all(isinstance(packet, CyclingSpeed) for packet in packets):
        return {"cadence_rpm": _cadence_rpm(packets)}
    if any(isinstance(packet, ColmiStepsRow) for packet in packets):
        return {"rows": [_row(packet) for packet in packets if isinstance(packet, ColmiStepsRow)]}
    if packets and all(hasattr(packet, "action") for packet in packets):
        return {"action": ", ".join(packet.action for packet in packets)}
    return {"packets": [p.values if isinstance(p, PlainPacket) else p for p in packets]}


def _cadence_rpm(measurements: Sequence[CyclingSpeed]) -> float | None:
    cadence = CrankCadence()
    return [cadence.update(measurement, 0) for measurement in measurements][-1]


def _row(row: ColmiStepsRow) -> dict[str, Any]:
    builtins = cast("dict[str, Any]", msgspec.to_builtins(row))
    year, month, day = [builtins.pop(part) for part in ("year", "month", "day")]
    return {"date": f"{year:04}-{month:02}-{day:02}", **builtins}
