"""Bytes that come as a stream: packets are joined and cut at any place, so they are found again.

What comes out depends on the bytes alone, never on how they were cut, with one exception: the
beginning of a packet is forgotten when nothing followed for a second (the link was lost meanwhile).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from biofeedback.decode import bangle, witmotion

if TYPE_CHECKING:
    from collections.abc import Callable

FORGET_AFTER_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Framed:
    """The whole packets found, and how many bytes between them were of no use."""

    packets: tuple[bytes, ...]
    lost_bytes: int


class Framing(Protocol):
    """Cut a stream of bytes into packets."""

    def update(self, chunk: bytes, at_ns: int) -> Framed:
        """Take the next bytes; return the packets that are whole now."""
        ...


class Lines:
    """Lines of the watch script; talk of the console (prompt, echo, its answers) is passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._too_long = False
        self._at_ns = 0

    def update(self, chunk: bytes, at_ns: int) -> Framed:
        """Take the next bytes; return the lines that are whole now, without their ends."""
        if at_ns - self._at_ns > FORGET_AFTER_NS:
            self._rest, self._too_long = b"", False
        self._at_ns = at_ns
        lost = 0
        found: list[bytes] = []
        *lines, rest = (self._rest + chunk.translate(None, bangle.FLOW_CONTROL)).split(b"\n")
        for line in lines:
            too_long, self._too_long = self._too_long, False
            if too_long or len(line) > bangle.MAX_LINE_BYTES:
                lost += len(line)
                continue
            begin = line.find(b'{"t":')
            if begin >= 0:
                found.append(line[begin:].rstrip(b"\r"))
        if len(rest) > bangle.MAX_LINE_BYTES:
            lost += len(rest)
            rest, self._too_long = b"", True
        self._rest = rest
        return Framed(packets=tuple(found), lost_bytes=lost)


class WitMotionPackets:
    """Packets of 20 bytes without checksum or counter: ``55 61`` and ``55 71``.

    While packets follow one another directly, a header is enough. After other bytes a candidate
    counts only when another header follows it, since these two bytes are also found inside.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._in_step = True
        self._at_ns = 0

    def update(self, chunk: bytes, at_ns: int) -> Framed:
        """Take the next bytes; return the packets that are whole now."""
        if at_ns - self._at_ns > FORGET_AFTER_NS:
            self._rest, self._in_step = b"", True
        self._at_ns = at_ns
        stream = self._rest + chunk
        found: list[bytes] = []
        at = lost = 0
        size = witmotion.PACKET_BYTES
        while len(stream) - at >= 2:
            if not _is_header(stream, at):
                self._in_step = False
                at, lost = at + 1, lost + 1
                continue
            if len(stream) - at < (size if self._in_step else size + 2):
                break
            if not self._in_step and not _is_header(stream, at + size):
                at, lost = at + 1, lost + 1
                continue
            self._in_step = True
            found.append(stream[at : at + size])
            at += size
        self._rest = stream[at:]
        return Framed(packets=tuple(found), lost_bytes=lost)


def _is_header(stream: bytes, at: int) -> bool:
    return stream[at] == witmotion.HEAD and stream[at + 1] in {
        witmotion.MOTION,
        witmotion.REGISTERS,
    }


FRAMINGS: Final[dict[str, Callable[[], Framing]]] = {
    "bangle_line": Lines,
    "witmotion": WitMotionPackets,
}
"""Packet format -> how its packets are found in a stream; all others come whole."""
