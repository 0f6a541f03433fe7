"""A session starts from where the last ended: plans of laws, filled in from a person's record.

Pure: a record and a plan in, a plan and its reason in plain words out. The plan's own taste (how
long blocks are, how much is rewarded) stays; only what earlier sessions have found is put into it.
Whoever runs the session shows the reason, and the trace has the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import msgspec

from biofeedback.control.breathe import BreathePlan
from biofeedback.control.lead import LeadPlan
from biofeedback.control.limits import TEMPO_MAX_BPM, TEMPO_MIN_BPM
from biofeedback.control.reward import RewardPlan
from biofeedback.control.swell import FASTEST_BRPM, SLOWEST_BRPM
from biofeedback.errors import RecordsError
from biofeedback.records.goals import UNITS, follow_goal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.records.goals import Goal
    from biofeedback.records.rows import Record
    from biofeedback.records.sessions import SessionNote

LawPlan: TypeAlias = RewardPlan | LeadPlan | BreathePlan

UNCUED: Final = ("uncued_after", "uncued_before", "uncued")
"""How outcomes tell of walking without a cue: the newest of a session first."""

LARGEST_CV = 0.5


class Start(NamedTuple):
    """How a session starts.

    ``goal`` is the goal that the session works on, for its line in the index.
    """

    plan: LawPlan
    reason: str
    goal: str | None = None


def start_values(record: Record, plan: LawPlan, *, goal: str | None = None) -> Start:
    """Give the start values of a person's next session.

    Args:
        record: The person with goals and sessions.
        plan: What the law was planned to do.
        goal: Which goal to work on. None takes the only one that counts what the plan counts.

    Raises:
        RecordsError: There is no such goal, or more than one fits.
    """
    match plan:
        case RewardPlan():
            return _start_reward(record, plan, goal)
        case LeadPlan():
            return _start_lead(record, plan)
        case BreathePlan():
            return _start_breathe(record, plan)


def find_goal(record: Record, name: str) -> Goal:
    """Return a goal by its name.

    Raises:
        RecordsError: There is none; the text lists those that there are.
    """
    if name not in record.goals:
        known = ", ".join(record.goals) or "none yet"
        who = record.person.pseudonym
        raise RecordsError(
            f"{who} has no goal {name!r}. Goals: {known}. "
            f"Set one: biofeedback goal set {who} NAME --measure ... --target ..."
        )
    return record.goals[name]


def _start_reward(record: Record, plan: RewardPlan, name: str | None) -> Start:
    if name is None:
        fitting = [goal for goal in record.goals.values() if goal.measure == plan.counted]
        if len(fitting) > 1:
            names = ", ".join(goal.name for goal in fitting)
            raise RecordsError(f"more than one goal counts {plan.counted}: say which of {names}.")
        if not fitting:
            return Start(plan, f"No goal counts {plan.counted}: the session starts as planned.")
        goal = fitting[0]
    else:
        goal = find_goal(record, name)
    progress = follow_goal(goal, record.sessions)
    filled = msgspec.structs.replace(plan, counted=goal.measure, goal=goal.target)
    if progress.baseline is None:
        reason = "First session: its first block finds out from where to start."
        filled = msgspec.structs.replace(filled, baseline=None, criterion=None)
        return Start(filled, reason, goal=goal.name)
    filled = msgspec.structs.replace(
        filled, baseline=progress.baseline, criterion=progress.criterion
    )
    unit = UNITS[goal.measure]
    if progress.criterion is None:
        reason = f"One step from {progress.baseline:.3g} {unit}, where it is to begin."
    elif not progress.history:
        reason = f"From {progress.criterion:.3g} {unit}, as the goal was set."
    else:
        reason = (
            f"The last session ({_day(record.sessions, goal.name)}) ended at "
            f"{progress.criterion:.3g} on the way from {progress.baseline:.3g} to "
            f"{goal.target:g} {unit}; this one starts there."
        )
    low, high = sorted((progress.baseline, goal.target))
    if progress.criterion is not None and not low <= progress.criterion <= high:
        reason += " The target has moved since; what is asked is brought between the two."
    return Start(filled, reason, goal=goal.name)


def _start_lead(record: Record, plan: LeadPlan) -> Start:
    reasons: list[str] = []
    prescribed_bpm = record.person.tempo_baseline_bpm
    walked_bpm = _newest(record, [f"{when}_cadence_spm" for when in UNCUED])
    if prescribed_bpm is not None:
        reasons.append(f"The prescribed tempo is {prescribed_bpm:g}.")
    elif walked_bpm is not None and TEMPO_MIN_BPM <= walked_bpm <= TEMPO_MAX_BPM:
        reasons.append(
            f"Without music the person last walked {walked_bpm:.1f} steps/min; "
            "that prescribes nothing, the plan's own tempo holds."
        )
    else:
        reasons.append("The own cadence isn't known yet: measure it without music first.")
    step_time_cv = _newest(record, [f"{when}_step_time_cv" for when in UNCUED])
    if plan.baseline_step_time_cv is None and step_time_cv and step_time_cv <= LARGEST_CV:
        plan = msgspec.structs.replace(plan, baseline_step_time_cv=step_time_cv)
        reasons.append(f"Their steps varied by {100 * step_time_cv:.1f} % then.")
    led = _newest(record, ["lead_ratio"])
    if led is not None:
        # A hair more than the ratio, or 0.075 / 0.025 would count as two steps.
        steps = int((min(max(led, 0.0), plan.most_ratio) + 1e-9) / plan.step_ratio)
        plan = msgspec.structs.replace(plan, start_ratio=steps * plan.step_ratio)
        reasons.append(f"The last session ended {100 * plan.start_ratio:g} % above the own tempo.")
    return Start(plan, " ".join(reasons))


def _start_breathe(record: Record, plan: BreathePlan) -> Start:
    found_brpm = _newest(record, ["resonance_brpm"])
    if plan.rate == "search":
        return Start(plan, "The plan looks for the rate anew.")
    if plan.rate == "own":
        return Start(plan, "The rate follows from the person's own breathing today.")
    if found_brpm is None or not SLOWEST_BRPM <= found_brpm <= FASTEST_BRPM:
        return Start(plan, f"No rate has been found yet: {plan.pace_brpm:g} a minute as planned.")
    plan = msgspec.structs.replace(plan, pace_brpm=found_brpm)
    return Start(plan, f"{found_brpm:.1f} breaths a minute, found in an earlier session.")


def _newest(record: Record, names: Sequence[str]) -> float | None:
    """Find the newest outcome of any of these names."""
    for note in reversed(record.sessions):
        for name in names:
            value = note.outcomes.get(name)
            if value is not None:
                return value
    return None


def _day(sessions: tuple[SessionNote, ...], goal: str) -> str:
    return next(note.started_iso[:10] for note in reversed(sessions) if note.goal == goal)
