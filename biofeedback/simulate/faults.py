"""What goes wrong between a body and the host, scripted.

A fault is asked about every packet and answers with what arrives instead: nothing, the same, a
changed one, a later one, several. Faults follow one another: what the first lets through, the
second sees. Times are seconds from the origin; ``sensor`` None means every sensor.
"""

from __future__ import annotations

import heapq
import struct
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S, PacketReceived
from biofeedback.simulate import packets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Input, Output
    from biofeedback.simulate.source import Source

_STAMP = struct.Struct("<Q")
_STAMP_AT = 1


class Fault(Protocol):
    """Something that goes wrong."""

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Say what arrives instead, none of it earlier than ``packet``."""
        ...


class FaultySource:
    """A source on a bad day; only packets are struck."""

    def __init__(self, source: Source, faults: Sequence[Fault]) -> None:
        self._source = source
        self._faults = faults
        self._waiting: list[tuple[int, int, Input]] = []
        self._count = 0

    def next_at_ns(self) -> int | None:
        """Say when the next message arrives."""
        self._fetch()
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> Input:
        """Give that message."""
        self._fetch()
        return heapq.heappop(self._waiting)[2]

    def hear(self, orders: Sequence[Output]) -> None:
        """Let the person hear the music."""
        self._source.hear(orders)

    def _fetch(self) -> None:
        """Read on until nothing can arrive before the first that waits."""
        while (due_ns := self._source.next_at_ns()) is not None:
            if self._waiting and self._waiting[0][0] < due_ns:
                return
            message = self._source.take()
            arriving: list[Input] = [message]
            if isinstance(message, PacketReceived):
                arriving = list(self._strike(message))
            for one in arriving:
                heapq.heappush(self._waiting, (one.at_ns, self._count, one))
                self._count += 1

    def _strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        arriving: Sequence[PacketReceived] = [packet]
        for fault in self._faults:
            arriving = [changed for one in arriving for changed in fault.strike(one)]
        return arriving


class _Window:
    """When and whom a fault strikes."""

    def __init__(self, from_s: float, to_s: float, sensor: str | None) -> None:
        self.from_ns = round(from_s * NS_PER_S)
        self.to_ns = round(to_s * NS_PER_S)
        self._sensor = sensor

    def has(self, packet: PacketReceived) -> bool:
        return self.from_ns <= packet.at_ns < self.to_ns and self.is_for(packet)

    def is_for(self, packet: PacketReceived) -> bool:
        return self._sensor is None or packet.sensor == self._sensor


class Silence:
    """The link is gone for a while; what was sent is lost."""

    def __init__(self, *, from_s: float, to_s: float, sensor: str | None = None) -> None:
        self._window = _Window(from_s, to_s, sensor)

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Lose packets inside the window."""
        return () if self._window.has(packet) else (packet,)


class Stall:
    """The link stalls, then everything comes at once, in order."""

    def __init__(
        self, *, from_s: float, to_s: float, spacing_ms: float = 1.5, sensor: str | None = None
    ) -> None:
        self._window = _Window(from_s, to_s, sensor)
        self._spacing_ns = round(spacing_ms * NS_PER_MS)
        self._free_ns = self._window.to_ns

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Hold packets until the end of the window, and the next ones behind them."""
        if not self._window.is_for(packet) or packet.at_ns < self._window.from_ns:
            return (packet,)
        at_ns = max(packet.at_ns, self._free_ns)
        self._free_ns = at_ns + self._spacing_ns if at_ns > packet.at_ns else at_ns
        return (msgspec.structs.replace(packet, at_ns=at_ns),)


class ClockReset:
    """The device restarts: its clock begins again at 2019-01-01."""

    def __init__(self, *, at_s: float, sensor: str | None = None) -> None:
        self._window = _Window(at_s, float(1 << 32), sensor)
        self._first_ns: dict[str, int] = {}

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Move the stamps of frames after the reset."""
        if not self._window.has(packet) or not _has_stamp(packet):
            return (packet,)
        stamp_ns = _read_stamp(packet)
        first_ns = self._first_ns.setdefault(packet.sensor, stamp_ns)
        started_ns = packets.DEVICE_EPOCH_NS + NS_PER_S
        return (_with_stamp(packet, started_ns + stamp_ns - first_ns),)


class ClockJump:
    """Somebody sets the device's clock."""

    def __init__(self, *, at_s: float, by_s: float, sensor: str | None = None) -> None:
        self._window = _Window(at_s, float(1 << 32), sensor)
        self._by_ns = round(by_s * NS_PER_S)

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Move the stamps of frames after the jump."""
        if not self._window.has(packet) or not _has_stamp(packet):
            return (packet,)
        return (_with_stamp(packet, max(0, _read_stamp(packet) + self._by_ns)),)


class Duplicate:
    """Packets arrive twice."""

    def __init__(
        self, *, from_s: float, to_s: float, every: int = 1, sensor: str | None = None
    ) -> None:
        self._window = _Window(from_s, to_s, sensor)
        self._every = every
        self._seen = 0

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Repeat every n-th packet a millisecond later."""
        if not self._window.has(packet):
            return (packet,)
        self._seen += 1
        if self._seen % self._every:
            return (packet,)
        return (packet, msgspec.structs.replace(packet, at_ns=packet.at_ns + NS_PER_MS))


class OutOfOrder:
    """Packets overtake each other."""

    def __init__(
        self,
        *,
        from_s: float,
        to_s: float,
        late_ms: float,
        every: int = 2,
        sensor: str | None = None,
    ) -> None:
        self._window = _Window(from_s, to_s, sensor)
        self._late_ns = round(late_ms * NS_PER_MS)
        self._every = every
        self._seen = 0

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Delay every n-th packet."""
        if not self._window.has(packet):
            return (packet,)
        self._seen += 1
        if self._seen % self._every:
            return (packet,)
        return (msgspec.structs.replace(packet, at_ns=packet.at_ns + self._late_ns),)


class ContactLost:
    """The strap lost the skin: it repeats its last heart rate, without RR, without contact."""

    def __init__(self, *, from_s: float, to_s: float, sensor: str | None = None) -> None:
        self._window = _Window(from_s, to_s, sensor)
        self._stale_bpm: dict[str, int] = {}

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Replace heart rate packets inside the window; remember the last before it."""
        if packet.characteristic != packets.HEART_RATE_UUID or len(packet.payload) < 2:
            return (packet,)
        wide = packet.payload[0] & 1
        heart_rate_bpm = int.from_bytes(packet.payload[1 : 2 + wide], "little")
        if not self._window.has(packet):
            self._stale_bpm[packet.sensor] = heart_rate_bpm
            return (packet,)
        stale_bpm = self._stale_bpm.setdefault(packet.sensor, heart_rate_bpm)
        payload = packets.encode_heart_rate(stale_bpm, contact=False)
        return (msgspec.structs.replace(packet, payload=payload),)


class Corrupt:
    """Bytes arrive cut short or changed."""

    def __init__(
        self, *, from_s: float, to_s: float, share: float, seed: int, sensor: str | None = None
    ) -> None:
        self._window = _Window(from_s, to_s, sensor)
        self._share = share
        self._rng = np.random.default_rng(seed)

    def strike(self, packet: PacketReceived) -> Sequence[PacketReceived]:
        """Damage a share of the packets inside the window: half of them cut, half changed."""
        if not self._window.has(packet) or self._rng.random() >= self._share or not packet.payload:
            return (packet,)
        payload = bytearray(packet.payload)
        if self._rng.random() < 0.5:
            del payload[int(self._rng.integers(0, len(payload))) :]
        else:
            for place in self._rng.integers(0, len(payload), 3):
                payload[place] ^= int(self._rng.integers(1, 256))
        return (msgspec.structs.replace(packet, payload=bytes(payload)),)


def _has_stamp(packet: PacketReceived) -> bool:
    return packet.characteristic == packets.PMD_DATA_UUID and len(packet.payload) >= 10


def _read_stamp(packet: PacketReceived) -> int:
    (stamp_ns,) = _STAMP.unpack_from(packet.payload, _STAMP_AT)
    return int(stamp_ns)


def _with_stamp(packet: PacketReceived, stamp_ns: int) -> PacketReceived:
    payload = packet.payload
    payload = payload[:_STAMP_AT] + _STAMP.pack(stamp_ns) + payload[_STAMP_AT + _STAMP.size :]
    return msgspec.structs.replace(packet, payload=payload)
