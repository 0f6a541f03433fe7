"""What is counted: a measure of a body that a threshold can be laid on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from biofeedback.control.freshness import is_present
from biofeedback.messages import NS_PER_S, MeasureTaken

if TYPE_CHECKING:
    from biofeedback.control.law import Known, Moment
    from biofeedback.messages import Measure
    from biofeedback.samples import BodyState

Counted = Literal[
    "cadence_spm",
    "activity_ratio",
    "stillness_ratio",
    "sustained_ratio",
    "heart_rate_bpm",
    "breathing_brpm",
    "coherence",
    "smoothness_sparc",
]
"""Steps a minute, being active, being still, moving smoothly, a calm heart, slow or coherent
breathing, the smoothness of reaches."""

FROM_BODY: Final[dict[Counted, Known]] = {
    "cadence_spm": "cadence_spm",
    "activity_ratio": "activity_ratio",
    "sustained_ratio": "sustained_ratio",
    "heart_rate_bpm": "heart_rate_bpm",
    "breathing_brpm": "breathing_brpm",
    "coherence": "coherence",
}
FROM_MEASURES: Final[dict[Counted, Measure]] = {"smoothness_sparc": "smoothness_sparc"}
KEPT_S = 8.0
"""A measure of a movement counts until the next, at most so long."""


class Behaviour:
    """Reads one counted measure from moments."""

    def __init__(self, counted: Counted) -> None:
        self._counted: Counted = counted
        self._value: float | None = None
        self._at_ns = 0

    def read(self, moment: Moment) -> float | None:
        """Tell the value now; None while it isn't known."""
        if self._counted == "stillness_ratio":
            activity = moment.first("activity_ratio")
            return None if activity is None else 1.0 - activity
        name = FROM_BODY.get(self._counted)
        if name is not None:
            value = moment.first(name)
            if (
                value is None
                and self._counted == "cadence_spm"
                and any(map(_stands, moment.bodies))
            ):
                return 0.0
            return value
        measure = FROM_MEASURES[self._counted]
        for finding in moment.findings:
            if isinstance(finding, MeasureTaken) and finding.measure == measure:
                self._value, self._at_ns = finding.value, moment.at_ns
        fresh = moment.at_ns - self._at_ns <= KEPT_S * NS_PER_S
        return self._value if fresh else None


def _stands(body: BodyState) -> bool:
    """Tell whether somebody is seen not to walk: they make no steps, which is known, not missing.

    Of somebody who is silent, or has only a strap at the heart, nothing is known.
    """
    return body.has_motion and is_present(body) and not body.walking
