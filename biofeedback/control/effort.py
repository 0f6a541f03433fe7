"""Which heart-rate ceiling holds for a person: the lowest of those that apply.

* What staff have set, and the resting heart rate plus 20, are always used where they are known.
* A formula of age (0.85 times 220 minus the age) is used only for somebody of whom three questions
  were answered with no: beta-blockers, atrial fibrillation, a pacemaker. Not asked is not no (H12).
"""

from __future__ import annotations

from biofeedback.control.limits import HEART_RATE_CEILING_MAX_BPM, HEART_RATE_CEILING_MIN_BPM

ABOVE_REST_BPM = 20.0
AGE_SHARE = 0.85
HIGHEST_BPM = 220.0


def choose_ceiling_bpm(
    *,
    staff_bpm: float | None,
    resting_bpm: float | None,
    age_years: float | None,
    rules_formula_out: tuple[bool | None, ...],
) -> float | None:
    """Choose a ceiling; None when nothing is known that gives one.

    Args:
        staff_bpm: What staff have set.
        resting_bpm: The heart rate at rest, from a person's file or a baseline.
        age_years: The age; None when it isn't told.
        rules_formula_out: The three answers; only ``False`` for all of them lets age count.
    """
    known = [] if staff_bpm is None else [staff_bpm]
    if resting_bpm is not None:
        known.append(resting_bpm + ABOVE_REST_BPM)
    if age_years is not None and all(answer is False for answer in rules_formula_out):
        known.append(ceiling_from_age_bpm(age_years))
    if not known:
        return None
    return min(max(min(known), HEART_RATE_CEILING_MIN_BPM), HEART_RATE_CEILING_MAX_BPM)


def ceiling_from_age_bpm(age_years: float) -> float:
    """Tell the ceiling that an age gives; ``choose_ceiling_bpm`` alone may ask."""
    return AGE_SHARE * (HIGHEST_BPM - age_years)
