"""What waits for an answer: checks before the start, ratings, symptoms.

* Checks, and whether there are symptoms, wait for as long as it takes; a check that is answered
  with no ends the session.
* Ratings that nobody gives within a minute stay unknown.
* Symptoms are asked for at the start, each five minutes and whenever the music eases (H13). They
  may be told unasked. No answer is no answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    QuestionAsked,
    RatingGiven,
    SymptomAnswered,
)
from biofeedback.therapies.therapy import RATING_BOUNDS

if TYPE_CHECKING:
    from biofeedback.messages import Output, Question, Rating
    from biofeedback.therapies.plan import Plan

RATING_WAIT_S = 60.0


class Questions:
    """What a session asks and is told."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._every_ns = round(plan.ask_symptoms_every_s * NS_PER_S)
        self._asked_symptoms_ns: int | None = None
        self._open: list[Question] = []
        self._since_s = 0.0
        self._may_time_out = False
        self.refused = False
        self._ratings: dict[Rating, float] = {}

    @property
    def are_answered(self) -> bool:
        """Nothing waits any more, or it has waited long enough."""
        return not self._open or (self._may_time_out and self._since_s >= RATING_WAIT_S)

    def ask_checks(self, at_ns: int) -> list[Output]:
        """Ask what is asked before a start; symptoms belong to it."""
        self._begin((*self._plan.checks, "symptoms"), may_time_out=False)
        return [
            QuestionAsked(at_ns=at_ns, question=check, detail=self._detail(check))
            for check in self._plan.checks
        ]

    def ask_ratings(self, ratings: tuple[Rating, ...], at_ns: int) -> list[Output]:
        """Ask how somebody rates themselves now; earlier ratings are forgotten."""
        self._ratings = {}
        self._begin(ratings, may_time_out=True)
        return [
            QuestionAsked(
                at_ns=at_ns,
                question=rating,
                lowest=RATING_BOUNDS[rating][0],
                highest=RATING_BOUNDS[rating][1],
            )
            for rating in ratings
        ]

    def take_ratings(self) -> dict[Rating, float]:
        """Return what was rated since the last asking."""
        return dict(self._ratings)

    def ask_when_due(self, at_ns: int) -> list[Output]:
        """Ask for symptoms when it is time."""
        asked_ns = self._asked_symptoms_ns
        if asked_ns is None or at_ns - asked_ns < self._every_ns:
            return []
        return self.ask_symptoms(at_ns)

    def ask_symptoms(self, at_ns: int) -> list[Output]:
        """Ask for symptoms now: at the start, or because the music eases."""
        self._asked_symptoms_ns = at_ns
        return [QuestionAsked(at_ns=at_ns, question="symptoms")]

    def wait(self, elapsed_s: float) -> None:
        """Let time pass."""
        self._since_s += elapsed_s

    def hear(self, answer: RatingGiven | CheckAnswered | SymptomAnswered) -> None:
        """Take an answer; one to a question that isn't open changes nothing."""
        match answer:
            case RatingGiven():
                lowest, highest = RATING_BOUNDS[answer.question]
                usable = math.isfinite(answer.value) and lowest <= answer.value <= highest
                if usable and answer.question in self._open:
                    self._ratings[answer.question] = answer.value
                    self._close(answer.question)
            case CheckAnswered():
                if answer.check in self._open:
                    self.refused = self.refused or not answer.yes
                    self._close(answer.check)
            case SymptomAnswered():
                if "symptoms" in self._open:
                    self._close("symptoms")

    def _begin(self, questions: tuple[Question, ...], *, may_time_out: bool) -> None:
        self._open = [*dict.fromkeys(questions)]
        self._since_s = 0.0
        self._may_time_out = may_time_out

    def _close(self, question: Question) -> None:
        self._open.remove(question)
        self._since_s = 0.0

    def _detail(self, check: Question) -> str:
        return "; ".join(self._plan.not_if) if check == "nothing_against" else ""
