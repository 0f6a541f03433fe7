"""Watch one link while it is in use: silence, streams that stop, what has to be written again.

A link that says it is connected may be dead for long: only packets tell. One stream that falls
silent while others go on is started again, once; a second silence ends the link.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from biofeedback.ble.reasons import Reason, SensorFailure, explain
from biofeedback.ble.wanted import packet_period_s
from biofeedback.decode.profile import expand_uuid
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from biofeedback.ble.control_point import ControlPoint
    from biofeedback.ble.pace import Pace
    from biofeedback.ble.wanted import Wanted
    from biofeedback.decode.profile import Start, Stream

_PERIODS_UNTIL_SILENT = 5


@dataclass(slots=True)
class Running:
    """What runs on a link: shared by the link, which fills it, and its watcher.

    ``data`` are the characteristics that carry samples, ``last_ns`` says when each one was heard.
    """

    gone: asyncio.Event = field(default_factory=asyncio.Event)
    control: ControlPoint | None = None
    data: set[str] = field(default_factory=set[str])
    last_ns: dict[str, int] = field(default_factory=dict[str, int])
    started: dict[str, tuple[Stream, Start]] = field(
        default_factory=dict[str, "tuple[Stream, Start]"]
    )


class Watcher:
    """Watches one use of one sensor."""

    def __init__(
        self,
        wanted: Wanted,
        running: Running,
        pace: Pace,
        *,
        is_connected: Callable[[], bool],
        resubscribe: Callable[[], Awaitable[None]],
        read_battery: Callable[[], Awaitable[None]],
    ) -> None:
        self._wanted = wanted
        self._running = running
        self._pace = pace
        self._is_connected = is_connected
        self._resubscribe = resubscribe
        self._read_battery = read_battery
        self._restarted: set[str] = set()
        self._alive_ns: dict[str, int] = {}

    async def watch(self, each_check: Callable[[], None]) -> None:
        """Keep the link until it is over; call ``each_check`` now and then.

        Raises:
            SensorFailure: The link ended, or nothing comes any more.
        """
        opened_ns = time.monotonic_ns()
        battery_ns = opened_ns
        resubscribed = False
        while True:
            await self._wait_a_bit()
            now_ns = time.monotonic_ns()
            each_check()
            if self._running.gone.is_set() or not self._is_connected():
                raise SensorFailure(Reason.DROPPED)
            if self._running.control is not None and self._running.control.stopped.is_set():
                self._running.control.stopped.clear()
                await self._restart_all()
            last_ns = max(
                (self._running.last_ns.get(uuid, 0) for uuid in self._running.data), default=0
            )
            if last_ns:
                if now_ns - last_ns > self._silence_s() * NS_PER_S:
                    raise SensorFailure(Reason.SILENT)
                await self._check_streams(now_ns, opened_ns)
            elif now_ns - opened_ns > self._first_within_s() * NS_PER_S:
                raise SensorFailure(Reason.SILENT, "since it was connected")
            elif now_ns - opened_ns > self._pace.first_packet_s * NS_PER_S and not resubscribed:
                resubscribed = True
                await self._resubscribe()
            await self._keep_alive(now_ns)
            if now_ns - battery_ns > self._pace.battery_every_s * NS_PER_S:
                battery_ns = now_ns
                await self._read_battery()

    async def _keep_alive(self, now_ns: int) -> None:
        """Write what streams need to go on, each in its own rhythm."""
        for name, (stream, _) in self._running.started.items():
            keep_alive = stream.keep_alive
            if keep_alive is None or self._running.control is None:
                continue
            since_ns = self._alive_ns.setdefault(name, now_ns)
            if now_ns - since_ns < keep_alive.every_s * NS_PER_S:
                continue
            self._alive_ns[name] = now_ns
            try:
                await self._running.control.repeat(keep_alive)
            except Exception as error:
                raise explain(error) from error

    async def _wait_a_bit(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.check_s):
                await self._running.gone.wait()

    def _silence_s(self) -> float:
        periods_s = [packet_period_s(stream, starts) for stream, starts in self._wanted.chosen()]
        return max(self._pace.silence_s, _PERIODS_UNTIL_SILENT * min(periods_s, default=0.0))

    def _first_within_s(self) -> float:
        return max(2 * self._pace.first_packet_s, self._wanted.profile.first_data_within_s)

    async def _check_streams(self, now_ns: int, opened_ns: int) -> None:
        """Start a stream again that fell silent while others go on; once, then give up."""
        for name, (stream, start) in list(self._running.started.items()):
            last_ns = self._running.last_ns.get(expand_uuid(stream.characteristic))
            if last_ns is None:
                limit_s, since_ns = self._first_within_s(), opened_ns
            else:
                period_s = packet_period_s(stream, (start,))
                limit_s = max(self._pace.silence_s, _PERIODS_UNTIL_SILENT * period_s)
                since_ns = last_ns
            if now_ns - since_ns <= limit_s * NS_PER_S:
                continue
            if name in self._restarted:
                raise SensorFailure(Reason.SILENT, stream.name)
            self._restarted.add(name)
            self._running.last_ns[expand_uuid(stream.characteristic)] = now_ns
            try:
                await self._restart(stream, start)
            except SensorFailure as failure:
                raise SensorFailure(Reason.SILENT, stream.name) from failure

    async def _restart_all(self) -> None:
        for stream, start in list(self._running.started.values()):
            await self._restart(stream, start)

    async def _restart(self, stream: Stream, start: Start) -> None:
        if self._running.control is None:
            return
        try:
            await self._running.control.start(stream, start)
        except SensorFailure:
            raise
        except Exception as error:
            raise explain(error) from error
