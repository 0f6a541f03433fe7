"""Heart-rate ceilings: outside every control law, and never switched off by a doubtful value.

While a heart rate is above its ceiling nothing may rise; above it for 5 s, or more than 10 above
it at once, the session eases (H01). It counts as below again only after 5 s below without a
break, so that single low readings don't restart the patience. An unknown heart rate (silent,
frozen, locked to the cadence) is neither: who was above stays above, whoever else is below, and
``freshness.py`` holds the session. Only whose last sensor is taken off for good isn't waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biofeedback.samples import BodyState

PATIENCE_NS = 5 * NS_PER_S
EXCESS_BPM = 10.0


class Ceilings:
    """The ceilings of all wearers who have one."""

    def __init__(self, ceilings_bpm: Mapping[str, float]) -> None:
        self._ceilings_bpm = dict(ceilings_bpm)
        self._above_since_ns: dict[str, int] = {}
        self._below_since_ns: dict[str, int] = {}
        self._doubted = False

    def narrow(self, wearer: str, ceiling_bpm: float) -> None:
        """Lower somebody's ceiling, or give them one; nothing raises one."""
        known_bpm = self._ceilings_bpm.get(wearer, ceiling_bpm)
        self._ceilings_bpm[wearer] = min(known_bpm, ceiling_bpm)

    @property
    def wearers(self) -> frozenset[str]:
        """Who has a ceiling, and therefore needs a heart rate that can be trusted."""
        return frozenset(self._ceilings_bpm)

    @property
    def may_rise(self) -> bool:
        """No heart rate is above its ceiling, or on its way to a value that isn't believed yet."""
        return not self._above_since_ns and not self._doubted

    def is_exceeded(self, at_ns: int, bodies: Sequence[BodyState]) -> bool:
        """Look at all heart rates; True when the session has to ease."""
        if not self._ceilings_bpm:
            return False
        guarded = [body for body in bodies if body.wearer in self._ceilings_bpm]
        self._doubted = any(body.heart_rate_doubted for body in guarded)
        return True in [self._exceeds(at_ns, body) for body in guarded]

    def _exceeds(self, at_ns: int, body: BodyState) -> bool:
        wearer = body.wearer
        if body.heart_rate_bpm is None:
            self._below_since_ns.pop(wearer, None)
            if not body.has_heart and not body.has_motion:
                self._above_since_ns.pop(wearer, None)
            return False
        excess_bpm = body.heart_rate_bpm - self._ceilings_bpm[wearer]
        if excess_bpm > 0:
            self._below_since_ns.pop(wearer, None)
            above_ns = at_ns - self._above_since_ns.setdefault(wearer, at_ns)
            return excess_bpm > EXCESS_BPM or above_ns >= PATIENCE_NS
        if at_ns - self._below_since_ns.setdefault(wearer, at_ns) >= PATIENCE_NS:
            self._above_since_ns.pop(wearer, None)
        return False
