"""What is measured of bodies beside the laws: hearts, and the range of movement qualities.

Hearts at rest, at work and at the end; and how much of each quality's own range was used.
Values are taken once a second. Of a group the heart of each member counts from their own rest.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from biofeedback.control.effort import choose_ceiling_bpm
from biofeedback.therapies.therapy import minus

if TYPE_CHECKING:
    from biofeedback.control.law import Known, Moment
    from biofeedback.messages import PhaseKind
    from biofeedback.therapies.therapy import Outcomes

EVERY_S = 1.0
FEWEST = 5
EDGE = 15
MOST = 3600
QUALITIES: Final[tuple[Known, ...]] = ("activity_ratio", "sustained_ratio", "tilt_ratio")


class Watch:
    """One room's bodies through a session."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._rest: dict[str, list[float]] = {}
        self._work: dict[str, list[float]] = {}
        self._end: dict[str, list[float]] = {}
        self._qualities: dict[Known, list[float]] = {name: [] for name in QUALITIES}

    def take(self, moment: Moment, kind: PhaseKind) -> None:
        """Take a moment of a phase of this kind."""
        self._since_s += moment.elapsed_s
        if self._since_s + 1e-9 < EVERY_S:
            return
        self._since_s = 0.0
        hearts = {"rest": self._rest, "cool_down": self._end}.get(kind, self._work)
        for body in moment.bodies:
            if body.heart_rate_bpm is not None and not body.heart_rate_doubted:
                known = hearts.setdefault(body.wearer, [])
                if len(known) < MOST:
                    known.append(body.heart_rate_bpm)
        if kind != "work":
            return
        for name, values in self._qualities.items():
            value = moment.first(name)
            if value is not None and len(values) < MOST:
                values.append(value)

    def rest_bpm(self, wearer: str | None = None) -> float | None:
        """Tell the resting heart rate of a wearer, or of the first of whom it is known."""
        if wearer is None:
            wearer = next((name for name, v in self._rest.items() if len(v) >= FEWEST), None)
        values = self._rest.get(wearer, []) if wearer is not None else []
        return median(values) if len(values) >= FEWEST else None

    def ceilings_bpm(self) -> dict[str, float]:
        """Tell the ceilings that follow from resting heart rates."""
        found: dict[str, float] = {}
        for wearer in self._rest:
            ceiling_bpm = choose_ceiling_bpm(
                staff_bpm=None,
                resting_bpm=self.rest_bpm(wearer),
                age_years=None,
                rules_formula_out=(None, None, None),
            )
            if ceiling_bpm is not None:
                found[wearer] = ceiling_bpm
        return found

    def outcomes(self) -> Outcomes:
        """Tell changes of the heart rate, and the ranges of movement qualities."""
        rest = {wearer: self.rest_bpm(wearer) for wearer in self._rest}
        work = {wearer: _edge(values) for wearer, values in self._work.items()}
        end = {wearer: _edge(values) for wearer, values in self._end.items()}
        return {
            "heart_rate_rest_bpm": _middle([*rest.values()]),
            "heart_rate_end_minus_rest_bpm": _middle([minus(end.get(w), rest[w]) for w in rest]),
            "heart_rate_work_minus_end_bpm": _middle([minus(work[w], end.get(w)) for w in work]),
            **{
                name.replace("_ratio", "_range_ratio"): _range(values)
                for name, values in self._qualities.items()
            },
        }


def _edge(values: list[float]) -> float | None:
    newest = values[-EDGE:]
    return median(newest) if len(newest) >= FEWEST else None


def _middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _range(values: list[float]) -> float | None:
    """Tell the distance between the 10th and the 90th percentile."""
    if len(values) < FEWEST:
        return None
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[round(0.9 * last)] - ordered[round(0.1 * last)]
