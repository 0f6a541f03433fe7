"""Two sensors, one on each foot: whose step was it, and are the two steps alike?

A step onto a foot lasts from the other foot's contact to its own. With one sensor only nobody
knows which contact is whose (a trunk feels both legs, a pocket feels them unevenly for being on one
side), so nothing is told.
"""

from __future__ import annotations

from collections import deque

from biofeedback.messages import NS_PER_S

_KEEP_STEPS = 20
_FEWEST_STEPS = 5
_EVERY_STEPS = 5
_LONGEST_STRIDE_NS = 3 * NS_PER_S
_LEAST_SHARE = 0.25
"""A step is about half of a stride; less than a quarter is a contact that wasn't one."""


class Feet:
    """Compare the steps onto two feet."""

    def __init__(self) -> None:
        self._onto: dict[str, deque[int]] = {}
        self._contacts: list[tuple[int, str]] = []
        self._since = 0

    def forget(self, sensor: str) -> None:
        """A foot lost its sensor."""
        self._onto.pop(sensor, None)
        self._contacts.clear()

    def update(self, sensor: str, contact_ns: int) -> float | None:
        """Take a contact of one foot.

        Returns:
            Every fifth step, once each foot has made five: the difference of the mean step times
            of the two feet, over their mean (0 alike; Robinson et al. 1987, symmetry index).
        """
        onto = self._onto.setdefault(sensor, deque(maxlen=_KEEP_STEPS))
        earlier = [contact for contact in self._contacts if contact[0] < contact_ns]
        own_ns = max((at_ns for at_ns, foot in earlier if foot == sensor), default=None)
        other_ns = max((at_ns for at_ns, foot in earlier if foot != sensor), default=None)
        self._contacts.append((contact_ns, sensor))
        del self._contacts[:-8]
        if own_ns is None or other_ns is None or contact_ns - own_ns > _LONGEST_STRIDE_NS:
            return None
        share = (contact_ns - other_ns) / (contact_ns - own_ns)
        if _LEAST_SHARE <= share <= 1.0 - _LEAST_SHARE:
            onto.append(contact_ns - other_ns)
            self._since += 1
        if self._since < _EVERY_STEPS or len(self._onto) != 2:
            return None
        one, other = self._onto.values()
        if min(len(one), len(other)) < _FEWEST_STEPS:
            return None
        self._since = 0
        first_ns, second_ns = sum(one) / len(one), sum(other) / len(other)
        return abs(first_ns - second_ns) / (0.5 * (first_ns + second_ns))
