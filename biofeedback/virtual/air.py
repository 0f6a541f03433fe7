"""A virtual air: bumble's local link, and the three things that real radios do to data.

* Data arrives at connection events, so notifications come in bunches.
* A lost event is repeated: loss shows as delay, never as a gap or a changed order.
* Who walks out of range falls silent; after the supervision timeout both ends see a disconnect.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections import deque
from typing import TYPE_CHECKING

from bumble import hci
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from typing import Any

    from bumble.controller import Controller
    from bumble.hci import Address

_Delivery = tuple["Address", PhysicalTransport, bytes]
_Way = tuple["Controller", "Controller"]
"""From whom to whom: the controllers themselves, for several may have one name."""


class Air(LocalLink):
    """What carries packets between virtual controllers.

    Args:
        connection_interval_s: 0 delivers at once.
        loss_ratio: Part of the connection events that are lost and repeated.
        rng: Needed for a loss.
        supervision_timeout_s: From silence to the disconnect.
    """

    def __init__(
        self,
        *,
        connection_interval_s: float = 0.0,
        loss_ratio: float = 0.0,
        rng: random.Random | None = None,
        supervision_timeout_s: float = 2.0,
    ) -> None:
        super().__init__()
        self._interval_s = connection_interval_s
        self._loss_ratio = loss_ratio if rng is not None else 0.0
        self._rng = rng
        self._supervision_timeout_s = supervision_timeout_s
        self._silent: set[Controller] = set()
        self._queues: dict[_Way, deque[_Delivery]] = {}

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Deliver data to the other end at the next connection event."""
        if transport != PhysicalTransport.LE:
            super().send_acl_data(sender_controller, destination_address, transport, data)
            return
        receiver = self.find_le_controller(destination_address)
        if receiver is None or sender_controller in self._silent or receiver in self._silent:
            return
        # A local link labels data with the sender's *current* random address; one that scans with
        # a fresh address while it is connected would lose its connection by that.
        connection = sender_controller.le_connections.get(destination_address)
        sender = connection.self_address if connection else sender_controller.random_address
        loop = asyncio.get_running_loop()
        if not self._interval_s:
            loop.call_soon(receiver.on_link_acl_data, sender, transport, data)
            return
        # One queue and one timer per direction: timers that are due at the same instant have no
        # order, and a radio never changes the order.
        way = (sender_controller, receiver)
        if way not in self._queues:
            self._queues[way] = deque()
            loop.call_later(self._next_event_s(way), self._flush, way)
        self._queues[way].append((sender, transport, data))

    def send_advertising_pdu(self, sender_controller: Controller, packet: Any) -> None:
        """Let everybody in range hear an advertisement."""
        if sender_controller not in self._silent:
            super().send_advertising_pdu(sender_controller, packet)

    def leave(self, controller: Controller, *, timeout_s: float | None = None) -> None:
        """Take a controller out of range; the link is lost after the supervision timeout."""
        self._silent.add(controller)
        timeout_s = self._supervision_timeout_s if timeout_s is None else timeout_s
        asyncio.get_running_loop().call_later(timeout_s, self._lose, controller)

    def come_back(self, controller: Controller) -> None:
        """Take a controller back into range."""
        self._silent.discard(controller)

    def _next_event_s(self, way: _Way) -> float:
        now_s = asyncio.get_running_loop().time()
        names = tuple(controller.name for controller in way)
        phase_s = zlib.crc32(repr(names).encode()) % 997 / 997 * self._interval_s
        event = math.floor((now_s - phase_s) / self._interval_s) + 1
        while self._rng is not None and self._rng.random() < self._loss_ratio:
            event += 1
        return event * self._interval_s + phase_s - now_s

    def _flush(self, way: _Way) -> None:
        receiver = way[1]
        waiting: Sequence[_Delivery] = self._queues.pop(way, deque())
        for sender, transport, data in waiting:
            if receiver not in self._silent:
                receiver.on_link_acl_data(sender, transport, data)

    def _lose(self, controller: Controller) -> None:
        if controller not in self._silent:
            return
        reason = hci.HCI_CONNECTION_TIMEOUT_ERROR
        for connection in list(controller.le_connections.values()):
            peer = self.find_le_controller(connection.peer_address)
            other = None if peer is None else peer.le_connections.get(connection.self_address)
            if peer is not None and other is not None:
                peer.on_le_disconnected(other, reason)
            controller.on_le_disconnected(connection, reason)
