"""What a therapy is: which laws serve it, how far its plans may go, what its report has to hold.

One therapy a file; each names its outcomes and says how they follow from what the phases left.
A value that isn't known stays in the report as unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.control import LawName
    from biofeedback.messages import Rating
    from biofeedback.therapies.plan import Form, Mode, Phase, TherapyName

Outcomes = dict[str, "float | None"]

RATING_BOUNDS: dict[Rating, tuple[float, float]] = {
    "tension": (0.0, 10.0),
    "mood": (0.0, 10.0),
    "pain": (0.0, 10.0),
    "tiredness": (0.0, 10.0),
    "effort": (6.0, 20.0),
    "cohesion": (0.0, 10.0),
    "ownership": (0.0, 10.0),
    "closeness": (0.0, 10.0),
}
"""Effort is Borg's scale."""


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """A phase that is over: how long it ran, and what its law tells of it."""

    phase: Phase
    seconds: float
    outcomes: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is known at the end of a session."""

    records: tuple[PhaseRecord, ...] = ()
    asked_before: tuple[Rating, ...] = ()
    asked_after: tuple[Rating, ...] = ()
    before: Mapping[Rating, float] = field(default_factory=dict["Rating", float])
    after: Mapping[Rating, float] = field(default_factory=dict["Rating", float])
    body: Mapping[str, float | None] = field(default_factory=dict[str, "float | None"])

    def last(self, law: LawName, name: str) -> float | None:
        """Tell an outcome of the last phase with a law that knows it."""
        for record in reversed(self.records):
            if record.phase.law == law and record.outcomes.get(name) is not None:
                return record.outcomes[name]
        return None

    def total(self, law: LawName, name: str) -> float | None:
        """Add up an outcome over all phases with a law; None where none knows it."""
        known = [
            value
            for record in self.records
            if record.phase.law == law and (value := record.outcomes.get(name)) is not None
        ]
        return math.fsum(known) if known else None

    def mean(self, law: LawName, name: str) -> float | None:
        """Average an outcome over all phases with a law, each counted by how long it was."""
        known = [
            (value, record.seconds)
            for record in self.records
            if record.phase.law == law and (value := record.outcomes.get(name)) is not None
        ]
        total_s = math.fsum(seconds for _, seconds in known)
        return math.fsum(value * seconds for value, seconds in known) / total_s if total_s else None

    def seconds(self, kind: str) -> float:
        """Tell how long the phases of one kind ran."""
        return math.fsum(record.seconds for record in self.records if record.phase.kind == kind)

    def ratings(self) -> Outcomes:
        """Tell each rating that was asked for, and how far it has moved if that was twice."""
        told: Outcomes = {}
        for rating in dict.fromkeys((*self.asked_before, *self.asked_after)):
            before, after = self.before.get(rating), self.after.get(rating)
            if rating in self.asked_before:
                told[f"{rating}_before"] = before
            if rating in self.asked_after:
                told[f"{rating}_after"] = after
            if rating in self.asked_before and rating in self.asked_after:
                told[f"{rating}_change"] = minus(after, before)
        return told


@dataclass(frozen=True, slots=True)
class Therapy:
    """One of the eight ways of working.

    ``laws`` are those that its phases may use, ``widest_band_ratio`` is the most that the tempo
    may leave its baseline. ``names`` are the outcomes that a report always holds.
    """

    name: TherapyName
    title: str
    laws: frozenset[LawName]
    names: tuple[str, ...]
    outcomes: Callable[[Report], Outcomes]
    widest_band_ratio: float = 0.4
    forms: tuple[Form, ...] = ("demo", "home", "clinic")
    modes: tuple[Mode, ...] = ()
    home_laws: frozenset[LawName] | None = None
    """What may be used without staff, where that is less."""

    def report(self, report: Report) -> Outcomes:
        """Tell the whole outcome table: first what the therapy is about, then the ratings."""
        told = self.outcomes(report)
        named: Outcomes = {name: told.pop(name, None) for name in self.names}
        return {**named, **told, **report.ratings()}


def minus(after: float | None, before: float | None) -> float | None:
    """Tell how far something has moved, unknown if either end is."""
    return None if after is None or before is None else after - before
