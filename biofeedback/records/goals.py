"""A goal over sessions: what is asked, how far it has come, and whether somebody learns.

The criterion, its history, the dose and the trend are not kept, they are worked out from the index
of sessions each time: so they can't disagree with it.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from biofeedback.control.behaviour import Counted
from biofeedback.control.learning import Session, Verdict, judge_learning
from biofeedback.errors import RecordsError
from biofeedback.records.texts import Name
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.records.sessions import SessionNote

VERDICTS: Final[dict[Verdict, str]] = {
    "reached": "reached",
    "learning": "learning",
    "not_learning": "not learning",
    "too_early": "too early to say",
}
UNITS: Final[dict[Counted, str]] = {
    "cadence_spm": "steps/min",
    "activity_ratio": "of the own range",
    "stillness_ratio": "of the own range",
    "sustained_ratio": "of 1",
    "heart_rate_bpm": "bpm",
    "breathing_brpm": "breaths/min",
    "coherence": "of 1",
    "smoothness_sparc": "SPARC",
}
RANGES: Final[dict[Counted, tuple[float, float]]] = {
    "cadence_spm": (10.0, 240.0),
    "activity_ratio": (0.0, 1.0),
    "stillness_ratio": (0.0, 1.0),
    "sustained_ratio": (0.0, 1.0),
    "heart_rate_bpm": (30.0, 220.0),
    "breathing_brpm": (3.0, 40.0),
    "coherence": (0.0, 1.0),
    "smoothness_sparc": (-20.0, 0.0),
}
"""Between which numbers a target can lie at all; no clinical range."""


class Goal(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """What somebody works towards.

    ``baseline`` and ``criterion`` are those known before the first session here, if any.
    ``minutes`` is how long a session is meant to be, ``by`` a date in ISO 8601.
    """

    name: Name
    measure: Counted
    target: float
    by: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] | None = None
    minutes: Annotated[float, Meta(gt=0, le=60)] | None = None
    baseline: float | None = None
    criterion: float | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one session left of a goal."""

    session: str
    started_iso: str
    minutes: float
    baseline: float | None
    criterion: float | None
    in_criterion_ratio: float | None
    probe_value: float | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How a goal stands. ``judged`` sessions told all that the trend needs."""

    goal: Goal
    baseline: float | None
    criterion: float | None
    history: tuple[Entry, ...]
    judged: int
    minutes_per_session: float | None
    minutes_in_all: float
    verdict: Verdict


def check_goal(goal: Goal, before: Goal | None) -> Goal:
    """Return a goal that can be worked towards.

    Args:
        goal: What is asked for.
        before: The goal of that name as it was.

    Raises:
        RecordsError: It can't be; the text says why.
    """
    low, high = RANGES[goal.measure]
    for name in ("target", "baseline", "criterion"):
        value = getattr(goal, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            raise RecordsError(
                f"goal {goal.name}: {name} is {value:g}; of {goal.measure} it has to lie "
                f"between {low:g} and {high:g}."
            )
    if goal.baseline is not None and goal.baseline == goal.target:
        raise RecordsError(f"goal {goal.name}: the target is where the person is already.")
    if goal.criterion is not None and goal.baseline is None:
        raise RecordsError(f"goal {goal.name}: a criterion needs the baseline that it began from.")
    if goal.by is not None:
        try:
            date.fromisoformat(goal.by)
        except ValueError as error:
            raise RecordsError(f"goal {goal.name}: {goal.by} is no date.") from error
    if before is not None and before.measure != goal.measure:
        raise RecordsError(
            f"goal {goal.name} counts {before.measure}; set another goal for {goal.measure}, so "
            "that its history stays what it is."
        )
    return goal


def follow_goal(goal: Goal, sessions: Sequence[SessionNote]) -> Progress:
    """Work out how a goal stands from all sessions of the person, oldest first."""
    history = tuple(_read(note) for note in sessions if note.goal == goal.name)
    baseline = _newest([entry.baseline for entry in history], goal.baseline)
    criterion = _newest([entry.criterion for entry in history], goal.criterion)
    judged = [
        Session(
            criterion=entry.criterion,
            in_criterion_ratio=entry.in_criterion_ratio,
            probe_value=entry.probe_value,
        )
        for entry in history
        if entry.criterion is not None
        and entry.in_criterion_ratio is not None
        and entry.probe_value is not None
    ]
    verdict: Verdict = "too_early"
    if baseline is not None:
        verdict = judge_learning(judged, baseline=baseline, goal=goal.target)
    minutes = [entry.minutes for entry in history]
    return Progress(
        goal=goal,
        baseline=baseline,
        criterion=criterion,
        history=history,
        judged=len(judged),
        minutes_per_session=sum(minutes) / len(minutes) if minutes else None,
        minutes_in_all=sum(minutes),
        verdict=verdict,
    )


def describe_progress(progress: Progress) -> list[str]:
    """Tell in words how a goal stands."""
    goal, unit = progress.goal, UNITS[progress.goal.measure]
    by = f" by {goal.by}" if goal.by else ""
    lines = [f"{goal.name}: {goal.measure} to {goal.target:g} {unit}{by}"]
    if progress.baseline is not None:
        lines.append(f"it began at {progress.baseline:z.3g} {unit}")
    if progress.criterion is not None:
        lines.append(f"asked now: {progress.criterion:z.3g} {unit}")
    count = len(progress.history)
    if progress.minutes_per_session is None:
        lines.append("no session yet")
    else:
        planned = "" if goal.minutes is None else f" (planned: {goal.minutes:g})"
        lines.append(
            f"{counted(count, 'session')} of {progress.minutes_per_session:.0f} min on "
            f"average{planned}, {progress.minutes_in_all:.0f} min in all"
        )
    trend = VERDICTS[progress.verdict]
    if progress.judged < count:
        trend += f", from the {counted(progress.judged, 'session')} with a silent probe"
    lines.append(f"trend: {trend}")
    return lines


def _read(note: SessionNote) -> Entry:
    told = note.outcomes.get
    return Entry(
        session=note.session,
        started_iso=note.started_iso,
        minutes=note.minutes,
        baseline=told("baseline"),
        criterion=told("criterion"),
        in_criterion_ratio=told("in_criterion_ratio"),
        probe_value=told("probe_value"),
    )


def _newest(values: Sequence[float | None], before: float | None) -> float | None:
    return next((value for value in reversed(values) if value is not None), before)
