"""Which of these sensors is it? The one that is tapped three times.

A tap is a short knock that stands out of a second of quiet. Three of them within five seconds,
with quiet before and after, are no gait and no accident.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.source import keep_sensors
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import NS_PER_S, PacketReceived, SensorAttached
from biofeedback.samples import AccelerationBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.ble.pace import Pace
    from biofeedback.ble.scan import Backend
    from biofeedback.ble.wanted import Wanted
    from biofeedback.messages import Input

TAPS = 3
WITHIN_NS = 5 * NS_PER_S
QUIET_NS = 2 * NS_PER_S
TAP_MPS2 = 6.0
_REFRACTORY_NS = NS_PER_S // 6
_LEVEL_S = 0.5


class TapDetector:
    """Find three taps in the acceleration of one sensor."""

    def __init__(self) -> None:
        self._level_mps2: float | None = None
        self._last_ns: int | None = None
        self._taps_ns: list[int] = []

    def update(self, block: AccelerationBlock) -> int | None:
        """Take samples; give the time of the third tap once it is sure that no fourth follows."""
        found = None
        lengths = np.linalg.norm(block.acceleration_mps2, axis=1).tolist()
        for at_ns, length in zip(block.times_ns.tolist(), lengths, strict=True):
            taps = self._taps_ns
            if taps and at_ns - taps[-1] > QUIET_NS:
                if len(taps) == TAPS and taps[-1] - taps[0] <= WITHIN_NS:
                    found = taps[-1]
                taps.clear()
            if self._level_mps2 is None or self._last_ns is None:
                self._level_mps2, self._last_ns = length, at_ns
                continue
            knock = abs(length - self._level_mps2) > TAP_MPS2
            if knock and (not taps or at_ns - taps[-1] > _REFRACTORY_NS):
                taps.append(at_ns)
            elapsed_s = min((at_ns - self._last_ns) / NS_PER_S, _LEVEL_S)
            self._last_ns = at_ns
            if not knock:
                self._level_mps2 += elapsed_s / _LEVEL_S * (length - self._level_mps2)
        return found

    def is_quiet(self) -> bool:
        """Tell whether nothing like a tap is under way."""
        return not self._taps_ns


class _Choir:
    """All candidates together: exactly one may be tapped while the others keep still."""

    def __init__(self, candidates: Sequence[Wanted]) -> None:
        self._candidates = {wanted.sensor: wanted for wanted in candidates}
        self._decoders: dict[str, SensorDecoder] = {}
        self._detectors = {wanted.sensor: TapDetector() for wanted in candidates}
        self.all_heard = asyncio.Event()
        self.found = asyncio.Event()
        self.tapped: Wanted | None = None
        self.hearing: set[str] = set()

    def put(self, message: Input) -> None:
        if isinstance(message, SensorAttached):
            profile = self._candidates[message.sensor].profile
            self._decoders[message.sensor] = SensorDecoder(profile, message.context)
        elif isinstance(message, PacketReceived):
            decoder = self._decoders[message.sensor]
            for decoded in decoder.update(message):
                if isinstance(decoded, AccelerationBlock):
                    self._hear(message.sensor, decoded)

    def _hear(self, sensor: str, block: AccelerationBlock) -> None:
        self.hearing.add(sensor)
        if len(self.hearing) == len(self._candidates):
            self.all_heard.set()
        if self._detectors[sensor].update(block) is None or self.found.is_set():
            return
        others = [d for name, d in self._detectors.items() if name != sensor]
        if all(detector.is_quiet() for detector in others):
            self.tapped = self._candidates[sensor]
            self.found.set()


async def find_by_taps(
    candidates: Sequence[Wanted],
    *,
    backend: Backend,
    pace: Pace,
    timeout_s: float,
    on_ready: Callable[[], None],
) -> Wanted:
    """Listen to all candidates until one is tapped three times.

    Args:
        candidates: Sensors that look alike.
        backend: Of bleak.
        pace: How long things may take.
        timeout_s: When to give up.
        on_ready: Called once, when all of them can be heard: the person may tap now.

    Raises:
        SensorFailure: None was tapped in time, or they don't measure movement.
    """
    if not all(any(s.name == "acceleration" for s, _ in w.chosen()) for w in candidates):
        raise SensorFailure(Reason.AMBIGUOUS, "they measure no movement: give the address")
    choir = _Choir(candidates)
    until = asyncio.Event()
    keeping = asyncio.create_task(
        keep_sensors(candidates, put=choir.put, until=until, backend=backend, pace=pace)
    )
    try:
        async with asyncio.timeout(timeout_s):
            await choir.all_heard.wait()
            on_ready()
            await choir.found.wait()
    except TimeoutError as error:
        heard = f"{len(choir.hearing)} of {len(candidates)} could be heard"
        raise SensorFailure(Reason.AMBIGUOUS, f"no three taps in time; {heard}") from error
    finally:
        until.set()
        await keeping
    if choir.tapped is None:
        raise SensorFailure(Reason.AMBIGUOUS, "no three taps")
    return choir.tapped
