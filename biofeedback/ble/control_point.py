"""Commands to a wearable's control point, and what it answers.

A Polar confirms each command with a packet that repeats operation and type; commands to other
wearables have no answer that is waited for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import decode_packet
from biofeedback.decode.polar_pmd_control import PmdReply, PmdStopped
from biofeedback.decode.profile import expand_uuid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from biofeedback.decode.polar_pmd_control import Status
    from biofeedback.decode.profile import KeepAlive, Start, Stream

PMD_FORMAT: Final = "polar_pmd_control"
_START, _STOP = 2, 3
_RUNNING_ALREADY: Final = frozenset[str]({"already_in_state", "invalid_state"})
_REFUSALS: Final[dict[str, Reason]] = {
    "invalid_mtu": Reason.MTU_TOO_SMALL,
    "not_supported": Reason.NOT_SUPPORTED,
    "invalid_type": Reason.NOT_SUPPORTED,
}


class ControlPoint:
    """One control point during one connection.

    Args:
        write: Writes bytes to a characteristic.
        uuid: Its own, in full.
        answers: Whether it confirms commands (Polar).
        reply_s: How long to wait for that.
        settle_s: Between a stop and the start after it.
    """

    def __init__(
        self,
        write: Callable[[str, bytes], Awaitable[None]],
        uuid: str,
        *,
        answers: bool,
        reply_s: float,
        settle_s: float,
    ) -> None:
        self._write = write
        self._uuid = uuid
        self._answers = answers
        self._reply_s = reply_s
        self._settle_s = settle_s
        self._lock = asyncio.Lock()
        self._awaited: tuple[bytes, asyncio.Future[Status]] | None = None
        self.stopped = asyncio.Event()

    def hear(self, payload: bytes) -> None:
        """Take a packet of the control point."""
        if not self._answers or not payload:
            return
        try:
            packet = decode_packet(PMD_FORMAT, payload, {})
        except Malformed:
            return
        if isinstance(packet, PmdStopped):
            self.stopped.set()
        elif isinstance(packet, PmdReply) and self._awaited is not None:
            head, reply = self._awaited
            if payload[1] == head[0] and payload[2] & 0x3F == head[1] & 0x3F and not reply.done():
                reply.set_result(packet.status)

    async def send_script(self, lines: Sequence[bytes], *, chunk_bytes: int) -> None:
        """Send a script to a console, in chunks that fit into one packet each.

        Raises:
            SensorFailure: It isn't taken.
        """
        for line in lines:
            for begin in range(0, len(line), chunk_bytes):
                await self._put(self._uuid, line[begin : begin + chunk_bytes])

    async def start(self, stream: Stream, start: Start) -> None:
        """Start a stream; one that runs already (often after a crash) is stopped first.

        Raises:
            SensorFailure: It is refused; the reason tells why.
        """
        for setting in start.also:
            await self._put(expand_uuid(setting.characteristic), bytes.fromhex(setting.value))
        for text in start.commands:
            command = bytes.fromhex(text)
            status = await self._send(command)
            if status in _RUNNING_ALREADY:
                stops = [bytes.fromhex(stop) for stop in stream.stop]
                if status == "already_in_state" and not any(_ends(s, command) for s in stops):
                    continue
                for stop in stops:
                    await self._send(stop)
                await asyncio.sleep(self._settle_s)
                status = await self._send(command)
            if status not in {None, "success"}:
                reason = _REFUSALS.get(str(status), Reason.START_REFUSED)
                raise SensorFailure(reason, f"{stream.name}: {str(status).replace('_', ' ')}")

    async def repeat(self, keep_alive: KeepAlive) -> None:
        """Write what a stream needs to go on.

        Raises:
            SensorFailure: It isn't taken.
        """
        for command in keep_alive.commands:
            await self._put(self._uuid, bytes.fromhex(command))

    async def stop(self, stream: Stream, start: Start) -> None:
        """Stop a stream, and whatever else its start switched on."""
        stops = [bytes.fromhex(stop) for stop in stream.stop]
        for command in stops:
            await self._send(command)
        if self._answers:
            for text in reversed(start.commands):
                command = bytes.fromhex(text)
                if command[0] == _START and not any(_ends(stop, command) for stop in stops):
                    await self._send(bytes((_STOP, command[1])))

    async def _put(self, uuid: str, value: bytes) -> None:
        """Write what has no answer of its own."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._reply_s):
                    await self._write(uuid, value)
            except TimeoutError as error:
                raise SensorFailure(Reason.START_REFUSED, "no reply") from error

    async def _send(self, command: bytes) -> Status | None:
        async with self._lock:
            reply: asyncio.Future[Status] = asyncio.get_running_loop().create_future()
            self._awaited = (command, reply)
            try:
                # A write to a link that is gone, but doesn't know it, never returns by itself.
                async with asyncio.timeout(self._reply_s):
                    await self._write(self._uuid, command)
                    return await reply if self._answers else None
            except TimeoutError as error:
                raise SensorFailure(Reason.START_REFUSED, "no reply") from error
            finally:
                self._awaited = None


def _ends(stop: bytes, start: bytes) -> bool:
    """Tell whether a stop is that of this start, or can't be compared."""
    return len(stop) < 2 or len(start) < 2 or stop[1] == start[1]
