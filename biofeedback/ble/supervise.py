"""Keep one sensor for the whole session: find it, connect, watch, let go, wait, again.

* Every attempt uses a new link; every link is closed, whatever ended it.
* Attempts are 0.25, 0.5, 1, 2, 4 ... 15 s apart. While a sensor isn't in the air nobody sleeps:
  its first advertisement is the next attempt, so it is back seconds after its return.
* Nothing here ends a session: what is wrong is told in the status, in words with a next step.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from biofeedback.ble.advertised import Ear
from biofeedback.ble.link import Found, Link
from biofeedback.ble.pace import BackOff, Pace
from biofeedback.ble.reasons import NEXT_STEPS, Reason, SensorFailure, explain
from biofeedback.ble.wanted import advise_fresher
from biofeedback.messages import (
    NS_PER_S,
    Input,
    LinkFact,
    LinkReported,
    PacketReceived,
    SensorAttached,
    SensorDetached,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from biofeedback.ble.scan import Backend, Listener, Sighting
    from biofeedback.ble.wanted import Wanted

LOG = logging.getLogger(__name__)
LinkState = Literal["looking", "connecting", "connected", "waiting", "refused", "closed"]
MANY_LOSSES = 3
TOLD: Final[dict[Reason, LinkFact]] = {
    Reason.OFTEN_DROPPED: "often_lost",
    Reason.IN_USE: "in_use",
    Reason.NOT_SUPPORTED: "refused",
    Reason.BATTERY_EMPTY: "refused",
    Reason.FIRMWARE_DENIED: "refused",
    Reason.BLUETOOTH_OFF: "bluetooth_off",
    Reason.BLUETOOTH_GONE: "bluetooth_off",
    Reason.BLUETOOTH_DENIED: "bluetooth_off",
}
"""What the session's trace holds of a failure; others are told once a link was lost by them."""


@dataclass(slots=True)
class SensorStatus:
    """What is known of one sensor's link; written by its supervisor, read by whoever shows it."""

    wearer: str
    sensor: str
    profile: str
    state: LinkState = "looking"
    reason: Reason | None = None
    detail: str = ""
    hint: str = ""
    rssi_dbm: int | None = None
    packets: int = 0
    losses: int = 0
    attempts: int = 0
    last_packet_ns: int | None = None
    found: Found = field(default_factory=Found)

    def words(self) -> str:
        """Say what is the matter, and what to do; empty when all is well."""
        if self.reason is None:
            return self.hint
        step = NEXT_STEPS[self.reason]
        return f"{step} ({self.detail})" if self.detail else step


@dataclass(frozen=True, slots=True)
class Room:
    """What all sensors of a session share: the air, one turn to connect, where messages go."""

    listener: Listener
    backend: Backend
    pace: Pace
    turn: asyncio.Lock
    rng: random.Random
    put: Callable[[Input], None]


class Supervisor:
    """Keep one sensor."""

    def __init__(self, wanted: Wanted, room: Room) -> None:
        self.status = SensorStatus(wanted.wearer, wanted.sensor, wanted.profile.name)
        self._wanted = wanted
        self._room = room
        self._back_off = BackOff(room.pace, room.rng)
        self._lost_ns: deque[int] = deque(maxlen=MANY_LOSSES)
        self._joined = False
        self._forgotten_once = False
        self._ending = False
        self._told_firmware = False

    def end(self) -> None:
        """Say that the session is over, before ``run`` is cancelled.

        A cancellation alone may get lost: ``asyncio.wait_for`` before Python 3.12, which libraries
        use, swallows one that comes at the moment of its result.
        """
        self._ending = True

    async def run(self) -> None:
        """Keep the sensor until cancelled; then stop its streams and let go."""
        try:
            while not self._ending:
                failure = await self._use_once()
                if self._ending:
                    return
                self._note(failure)
                if self.status.state == "refused":
                    return
                await self._pause(failure)
        finally:
            if self.status.state != "refused":
                self.status.state = "closed"
            if self._joined:
                self._put(
                    SensorDetached(
                        at_ns=time.monotonic_ns(),
                        wearer=self._wanted.wearer,
                        sensor=self._wanted.sensor,
                    )
                )

    async def _use_once(self) -> SensorFailure:
        """Find, connect and watch the sensor once; tell what ended it."""
        status, room = self.status, self._room
        try:
            status.state = "looking"
            address = self._wanted.address
            sighting = await room.listener.wait_for(
                lambda seen: seen.address == address, timeout_s=room.pace.listen_s
            )
            if sighting is None:
                return SensorFailure(Reason.NOT_FOUND)
            status.rssi_dbm = sighting.rssi_dbm
            if self._joined:
                self._report("heard")
            status.state = "connecting"
            status.attempts += 1
            link = self._make_link(sighting)
        except SensorFailure as failure:
            return failure
        try:
            await link.open(room.turn, self._attach)
            status.state, status.reason, status.detail = "connected", None, ""
            status.found = link.found
            changed = self._compare_firmware(link.found)
            status.hint = changed or advise_fresher(self._wanted)
            if changed and not self._told_firmware:
                self._told_firmware = True
                self._report("firmware_changed")
            await link.watch(lambda: self._check(link))
        except SensorFailure as failure:
            if failure.reason is Reason.NOT_SUPPORTED and not self._forgotten_once:
                self._forgotten_once = True
                await link.forget_services()
                return SensorFailure(Reason.CONNECT_FAILED, "services missing; asked anew")
            status.found = link.found
            return failure
        except Exception as error:  # noqa: BLE001 - a supervised task: whatever it was, go on
            LOG.warning("sensor %s: %s", self._wanted.sensor, type(error).__name__)
            return explain(error)
        finally:
            # Also when this task is being cancelled: the streams are stopped on the sensor.
            await asyncio.shield(link.close())
        return SensorFailure(Reason.DROPPED)

    def _make_link(self, sighting: Sighting) -> Link | Ear:
        wanted, room = self._wanted, self._room
        if wanted.is_advertised():
            return Ear(wanted, listener=room.listener, pace=room.pace, take=self._take)
        return Link(wanted, sighting, backend=room.backend, pace=room.pace, take=self._take)

    def _compare_firmware(self, found: Found) -> str:
        """Tell a person that the sensor was updated since last time (F21)."""
        before, now = self._wanted.firmware, found.firmware
        if before is None or now is None or before == now:
            return ""
        return f"its firmware changed from {before} to {now}: watch whether it still behaves"

    def _check(self, link: Link | Ear) -> None:
        if self._ending:
            raise SensorFailure(Reason.DROPPED, "the session is over")
        if link.data_packets:
            self._back_off.reset()

    def _note(self, failure: SensorFailure) -> None:
        status = self.status
        was_connected = status.state == "connected"
        if was_connected:
            now_ns = time.monotonic_ns()
            status.losses += 1
            self._lost_ns.append(now_ns)
            often_ns = self._room.pace.often_within_s * NS_PER_S
            often = len(self._lost_ns) == MANY_LOSSES and now_ns - self._lost_ns[0] < often_ns
            if often and not self._wanted.is_advertised():
                failure = SensorFailure(Reason.OFTEN_DROPPED, failure.reason.value)
        status.reason, status.detail = failure.reason, failure.detail
        for_good = {Reason.NOT_SUPPORTED, Reason.BATTERY_EMPTY, Reason.FIRMWARE_DENIED}
        status.state = "refused" if failure.reason in for_good else "waiting"
        if was_connected or failure.reason in TOLD:
            self._report(TOLD.get(failure.reason, "lost"))
        LOG.info("sensor %s: %s", self._wanted.sensor, failure.reason.value)

    async def _pause(self, failure: SensorFailure) -> None:
        if failure.reason is Reason.NOT_FOUND:
            return
        delay_s = self._back_off.next_s()
        if failure.reason is Reason.IN_USE:
            delay_s = max(delay_s, self._room.pace.in_use_delay_s)
        elif TOLD.get(failure.reason) == "bluetooth_off":
            # To ask whether it is on again costs nothing, and somebody waits for it.
            delay_s = min(delay_s, self._room.pace.adapter_delay_s)
        await asyncio.sleep(delay_s)

    def _report(self, link: LinkFact) -> None:
        self._put(
            LinkReported(
                at_ns=time.monotonic_ns(),
                wearer=self._wanted.wearer,
                sensor=self._wanted.sensor,
                link=link,
            )
        )

    def _attach(self) -> None:
        """Let the engine know the sensor, or that its packets begin anew (F02)."""
        wanted = self._wanted
        self._joined = True
        self._put(
            SensorAttached(
                at_ns=time.monotonic_ns(),
                wearer=wanted.wearer,
                sensor=wanted.sensor,
                profile=wanted.profile.name,
                site=wanted.site,
                left_axis=wanted.left_axis,
                context=wanted.context(),
            )
        )

    def _take(self, uuid: str, payload: bytes, at_ns: int) -> None:
        self.status.packets += 1
        self.status.last_packet_ns = at_ns
        self._put(
            PacketReceived(
                at_ns=at_ns,
                wearer=self._wanted.wearer,
                sensor=self._wanted.sensor,
                characteristic=uuid,
                payload=payload,
            )
        )

    def _put(self, message: Input) -> None:
        self._room.put(message)
