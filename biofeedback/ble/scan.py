"""What is in the air: one scanner for everybody who listens, and a guess at each band's profile."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bleak import BleakScanner

from biofeedback.ble.reasons import Reason, SensorFailure, explain
from biofeedback.decode.profile import expand_uuid
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

    from biofeedback.decode.profile import Profile

STOP_SCAN_S = 3.0
DEAF_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class Backend:
    """Which backend bleak uses: its own choice, or classes that a test brings."""

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None


SYSTEM = Backend()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One advertisement. ``address`` is that of the system (macOS: a number of this computer).

    ``companies`` holds what is advertised under the numbers of companies, ``at_ns`` the arrival.
    """

    device: BLEDevice
    name: str
    rssi_dbm: int
    services: tuple[str, ...]
    companies: Mapping[int, bytes] = field(default_factory=dict[int, bytes])
    at_ns: int = 0

    @property
    def address(self) -> str:
        """Give the device's address; never to be stored."""
        return self.device.address


def guess_profile(sighting: Sighting, profiles: Sequence[Profile]) -> Profile | None:
    """Guess how to read a band by its name and by what it advertises.

    A name decides over a service, a service over a company; of several that fit alike, the one
    that needs least is taken.
    """
    best: tuple[int, int, Profile] | None = None
    for profile in profiles:
        by_name = any(
            fnmatchcase(sighting.name.lower(), name.lower()) for name in profile.match.names
        )
        wanted = {expand_uuid(uuid) for uuid in profile.match.services}
        by_service = not wanted.isdisjoint(sighting.services)
        makers = {int(company, 16) for company in profile.match.manufacturers}
        by_maker = not makers.isdisjoint(sighting.companies)
        rank = 3 if by_name else 2 if by_service else 1 if by_maker else 0
        if rank and (best is None or (rank, -len(profile.characteristics)) > best[:2]):
            best = (rank, -len(profile.characteristics), profile)
    return None if best is None else best[2]


class Listener:
    """Listen to the air for everybody: systems allow one scan at a time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._watchers: set[Callable[[Sighting], None]] = set()
        self._scanner: BleakScanner | None = None
        self._lock = asyncio.Lock()
        self._heard_ns: int | None = None

    async def wait_for(
        self, wanted: Callable[[Sighting], bool], *, timeout_s: float
    ) -> Sighting | None:
        """Wait for an advertisement; None when there was none in time.

        Raises:
            SensorFailure: Bluetooth can't be used.
        """
        found: asyncio.Future[Sighting] = asyncio.get_running_loop().create_future()

        def watch(sighting: Sighting) -> None:
            if not found.done() and wanted(sighting):
                found.set_result(sighting)

        async with self.listening(watch):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    return await found
        return None

    async def collect(self, seconds: float) -> list[Sighting]:
        """Listen for a while; give the newest sighting of each device, nearest first.

        Raises:
            SensorFailure: Bluetooth can't be used.
        """
        newest: dict[str, Sighting] = {}

        def watch(sighting: Sighting) -> None:
            newest[sighting.address] = sighting

        async with self.listening(watch):
            await asyncio.sleep(seconds)
        return sorted(newest.values(), key=lambda sighting: -sighting.rssi_dbm)

    @contextlib.asynccontextmanager
    async def listening(self, watcher: Callable[[Sighting], None]) -> AsyncGenerator[None]:
        """Let a watcher see each advertisement.

        Raises:
            SensorFailure: Bluetooth can't be used.
        """
        async with self._lock:
            if self._scanner is not None and self._is_deaf():
                # Perhaps the adapter was switched off and on meanwhile.
                await self._stop()
            if self._scanner is None:
                await self._start()
            self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)
            async with self._lock:
                if not self._watchers:
                    await self._stop()

    def _is_deaf(self) -> bool:
        heard_ns = self._heard_ns
        return heard_ns is None or time.monotonic_ns() - heard_ns > DEAF_AFTER_S * NS_PER_S

    async def _start(self) -> None:
        scanner = BleakScanner(self._hear, **_with(self._backend.scanner))
        try:
            await scanner.start()
        except Exception as error:
            failure = explain(error)
            if failure.reason is Reason.CONNECT_FAILED:
                failure = SensorFailure(Reason.BLUETOOTH_GONE, failure.detail)
            raise failure from error
        self._scanner, self._heard_ns = scanner, None

    async def _stop(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            # A scan that can't be stopped is one of an adapter that is gone.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(STOP_SCAN_S):
                    await scanner.stop()

    def _hear(self, device: BLEDevice, data: AdvertisementData) -> None:
        at_ns = time.monotonic_ns()
        self._heard_ns = at_ns
        sighting = Sighting(
            device=device,
            name=data.local_name or device.name or "",
            rssi_dbm=data.rssi,
            services=tuple(data.service_uuids),
            companies=dict(data.manufacturer_data),
            at_ns=at_ns,
        )
        for watcher in tuple(self._watchers):
            watcher(sighting)


def _with(backend: type | None) -> dict[str, Any]:
    return {} if backend is None else {"backend": backend}
