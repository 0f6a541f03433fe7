"""A sensor that says its values to everybody in range: nothing is connected, only listened to.

It is used like a link, so that the same supervisor looks for it and tells of its silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from biofeedback.ble.link import Found
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.wanted import packet_period_s
from biofeedback.decode.mi_band import HEART_RATE_AT
from biofeedback.decode.profile import MANUFACTURER
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.ble.pace import Pace
    from biofeedback.ble.scan import Listener, Sighting
    from biofeedback.ble.wanted import Wanted

KEPT_BYTES: Final = HEART_RATE_AT + 1
"""Some bands repeat their address behind what can be read: no trace may hold it."""
_PERIODS_UNTIL_SILENT = 10
_SILENT = "nothing in what it advertises: is sharing on, does a workout run?"


class Ear:
    """One use of one sensor that advertises its values.

    Args:
        wanted: What it shall deliver.
        listener: The air.
        take: Called with (``manufacturer:0157``, payload, arrival) for each advertisement.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        listener: Listener,
        pace: Pace,
        take: Callable[[str, bytes, int], None],
    ) -> None:
        self.found = Found()
        self.data_packets = 0
        self._wanted = wanted
        self._listener = listener
        self._pace = pace
        self._take = take
        self._last_ns: int | None = None
        self._exit = contextlib.AsyncExitStack()
        self._sources = {
            int(uuid.removeprefix(MANUFACTURER), 16): uuid for uuid in wanted.data_characteristics()
        }

    async def open(self, turn: asyncio.Lock, connected: Callable[[], None]) -> None:
        """Begin to listen; ``turn`` isn't needed, ``connected`` is called before any packet.

        Raises:
            SensorFailure: Bluetooth can't be used.
        """
        del turn
        connected()
        await self._exit.enter_async_context(self._listener.listening(self._hear))

    async def watch(self, each_check: Callable[[], None]) -> None:
        """Listen until nothing comes any more; call ``each_check`` now and then.

        Raises:
            SensorFailure: It fell silent, or never said anything.
        """
        opened_ns = time.monotonic_ns()
        periods_s = [packet_period_s(stream, starts) for stream, starts in self._wanted.chosen()]
        silence_s = max(self._pace.silence_s, _PERIODS_UNTIL_SILENT * min(periods_s, default=0.0))
        while True:
            await asyncio.sleep(self._pace.check_s)
            each_check()
            now_ns = time.monotonic_ns()
            if self._last_ns is None:
                limit_s, since_ns = self._wanted.profile.first_data_within_s, opened_ns
            else:
                limit_s, since_ns = silence_s, self._last_ns
            if now_ns - since_ns > limit_s * NS_PER_S:
                raise SensorFailure(Reason.SILENT, _SILENT)

    async def forget_services(self) -> None:
        """Do nothing: there is nothing that the system could have remembered."""

    async def close(self) -> None:
        """Stop listening."""
        await self._exit.aclose()

    def _hear(self, sighting: Sighting) -> None:
        if sighting.address != self._wanted.address:
            return
        for company, payload in sighting.companies.items():
            uuid = self._sources.get(company)
            if uuid is not None:
                self.data_packets += 1
                self._last_ns = sighting.at_ns
                self._take(uuid, payload[:KEPT_BYTES], sighting.at_ns)
