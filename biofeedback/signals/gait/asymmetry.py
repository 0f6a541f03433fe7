"""Are the steps onto the two feet alike? Told by one sensor on the trunk that tells the feet apart.

Its contacts are those of a low-pass filter, and a foot that lands otherwise is felt otherwise: the
value errs by some hundredths, and by more where a stick strikes. Two sensors on two feet
(``feet.py``) know better.

References:
    Robinson, Herzog & Nigg (1987), Use of force platform variables to quantify the effects of
    chiropractic manipulation on gait symmetry: symmetry index.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.signals.gait.sides import Footfall

_KEEP_ONTO = 10
_FEWEST_ONTO = 6
_EVERY_STEPS = 5


class StepAsymmetry:
    """How unlike the steps onto the two feet are."""

    def __init__(self) -> None:
        self._onto: tuple[deque[tuple[float, float]], ...] = (
            deque(maxlen=_KEEP_ONTO),
            deque(maxlen=_KEEP_ONTO),
        )
        self._last: tuple[float, int] | None = None
        self._since = 0

    def restart(self) -> None:
        """Begin a new bout: the way between two bouts isn't a step."""
        self._last = None

    def update(
        self, contact_s: float, fall: Footfall | None, *, step_s: float
    ) -> tuple[float, float] | None:
        """Take a contact and whose it was.

        Returns:
            Every fifth step, once there are six onto each foot: the difference of the mean step
            times over their mean (0 alike; Robinson et al. 1987), and how sure the feet are, 0..1.
        """
        last, self._last = self._last, None
        if fall is None:
            return None
        self._last = (contact_s, fall.foot)
        if last is None or last[1] == fall.foot:
            return None
        apart_s = contact_s - last[0]
        if not 0.4 <= apart_s / step_s <= 1.6:
            return None
        self._onto[fall.foot].append((apart_s, fall.sureness))
        self._since += 1
        if self._since < _EVERY_STEPS or min(len(onto) for onto in self._onto) < _FEWEST_ONTO:
            return None
        self._since = 0
        first_s, second_s = (math.fsum([s for s, _ in onto]) / len(onto) for onto in self._onto)
        sure = min(math.fsum([p for _, p in onto]) / len(onto) for onto in self._onto)
        return abs(first_s - second_s) / (0.5 * (first_s + second_s)), 2.0 * sure - 1.0
