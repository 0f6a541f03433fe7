"""Sensors in the air as a source: an event loop in a thread of its own fills the app's inbox."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import threading
from typing import TYPE_CHECKING, Self

from biofeedback.ble.pace import Pace
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.scan import SYSTEM, Backend, Listener
from biofeedback.ble.supervise import Room, SensorStatus, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.ble.wanted import Wanted
    from biofeedback.messages import Input

LOG = logging.getLogger(__name__)
MOST_SENSORS = 8
"""What common adapters carry at once."""


async def keep_sensors(
    wanted: Sequence[Wanted],
    *,
    put: Callable[[Input], None],
    until: asyncio.Event,
    backend: Backend = SYSTEM,
    pace: Pace | None = None,
    statuses: list[SensorStatus] | None = None,
) -> None:
    """Keep all sensors until the event is set; then stop their streams and let them go.

    Args:
        wanted: The sensors; each joins when it is found, in any order, at any time.
        put: Takes messages, stamped at arrival, in order.
        until: Ends it.
        backend: Of bleak.
        pace: How long things may take.
        statuses: Filled with the status of each sensor.
    """
    pace = pace or Pace()
    room = Room(
        listener=Listener(backend),
        backend=backend,
        pace=pace,
        turn=asyncio.Lock(),
        rng=random.Random(secrets.randbits(64)),  # noqa: S311 - jitter, so that hosts don't agree
        put=put,
    )
    supervisors = [Supervisor(sensor, room) for sensor in wanted]
    if statuses is not None:
        statuses.extend(supervisor.status for supervisor in supervisors)
    tasks = [asyncio.create_task(supervisor.run()) for supervisor in supervisors]
    try:
        await until.wait()
    finally:
        for supervisor, task in zip(supervisors, tasks, strict=True):
            supervisor.end()
            task.cancel()
        if tasks:
            # Who closes waits a little longer, for the loop itself to end.
            await asyncio.wait(tasks, timeout=0.8 * pace.close_s)


class BleSource:
    """Sensors in the air, kept by a thread from ``open`` to ``close``.

    Args:
        wanted: The sensors.
        backend: Of bleak.
        pace: How long things may take.

    Raises:
        SensorFailure: They are too many for one adapter.
    """

    def __init__(
        self, wanted: Sequence[Wanted], *, backend: Backend = SYSTEM, pace: Pace | None = None
    ) -> None:
        if len(wanted) > MOST_SENSORS:
            raise SensorFailure(Reason.TOO_MANY, f"{len(wanted)}, at most {MOST_SENSORS}")
        self._wanted = tuple(wanted)
        self._backend = backend
        self._pace = pace or Pace()
        self._statuses: list[SensorStatus] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._until: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, put: Callable[[Input], None]) -> Self:
        """Begin; ``put`` is called from the thread, for example that of a queue."""
        self._thread = threading.Thread(target=self._run, args=(put,), name="ble", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def sensors(self) -> tuple[Wanted, ...]:
        """Give the sensors that are kept, in the order of their statuses."""
        return self._wanted

    def statuses(self) -> tuple[SensorStatus, ...]:
        """Give what is known of each link; the objects go on changing."""
        return tuple(self._statuses)

    def close(self) -> bool:
        """Stop the streams on the sensors and let them go.

        Returns:
            Whether that was done in time; if not, the thread is left to end with the program.
        """
        if self._thread is None:
            return True
        if self._loop is not None and self._until is not None:
            try:
                self._loop.call_soon_threadsafe(self._until.set)
            except RuntimeError:
                LOG.debug("the loop had ended by itself")
        self._thread.join(self._pace.close_s)
        ended = not self._thread.is_alive()
        if not ended:
            LOG.warning("the sensors could not be let go in time")
        return ended

    def _run(self, put: Callable[[Input], None]) -> None:
        try:
            asyncio.run(self._keep(put))
        except Exception:
            # Music goes on without sensors; the engine sees the silence by the age of samples.
            LOG.exception("the Bluetooth thread ended")
        finally:
            self._ready.set()

    async def _keep(self, put: Callable[[Input], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = asyncio.Event()
        self._ready.set()
        await keep_sensors(
            self._wanted,
            put=put,
            until=self._until,
            backend=self._backend,
            pace=self._pace,
            statuses=self._statuses,
        )
