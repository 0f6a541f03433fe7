"""People who take part in a plan: they do what a phase asks for, answer, and press keys.

A ``LivingStory`` isn't known beforehand: what somebody does is added when a phase begins, a moment
later, as people need to understand what was said. Answers come one after the other. The same
session gives the same answers, so that a trace of virtual people can be made again.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    Input,
    KeyPressed,
    PhaseChanged,
    QuestionAsked,
    RatingGiven,
    SymptomAnswered,
)
from biofeedback.simulate.story import Act, Story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.messages import Key, Output, Question
    from biofeedback.simulate.source import Source
    from biofeedback.therapies.plan import Phase, Plan

REACTS_S = 1.5
ANSWERS_S = 1.0
TAP_S = 0.65
TAPS = 8
DECIDES_S = 6.0
GOES_ON_S = 5.0

FELT: Final[dict[Question, tuple[float, float]]] = {
    "tension": (6.0, 4.0),
    "mood": (4.0, 6.0),
    "pain": (3.0, 2.0),
    "tiredness": (4.0, 5.0),
    "effort": (9.0, 12.0),
    "cohesion": (4.0, 7.0),
    "ownership": (3.0, 7.0),
    "closeness": (5.0, 7.0),
}
"""How a virtual person rates themselves before and after."""


class LivingStory(Story):
    """A story that is written while it is lived."""

    def __init__(self, act: Act) -> None:
        super().__init__((act,))
        self._written = [act]

    def go(self, acts: Sequence[Act]) -> None:
        """Go on with these acts, in place of what was still to come after the first begins."""
        if not acts:
            return
        past = [act for act in self._written if act.start_s < acts[0].start_s]
        self._written = [*past, *acts]
        super().__init__(tuple(self._written))


class TakingPart:
    """A source of people, and of what they and staff say during a plan."""

    def __init__(
        self,
        source: Source,
        plan: Plan,
        *,
        answers: bool,
        act: Callable[[Phase | None, float], None] | None = None,
    ) -> None:
        """Wrap a source.

        Args:
            source: The people and what they wear.
            plan: What they take part in.
            answers: They answer and press keys; False when somebody real does.
            act: Told the phase that begins (None for questions) and when somebody does it, in s.
        """
        self._source = source
        self._phases = {phase.name: phase for phase in plan.phases}
        self._answers = answers
        self._act = act
        self._due: list[tuple[int, int, Input]] = []
        self._number = 0
        self._asked: dict[Question, int] = {}
        self._free_ns = 0

    def next_at_ns(self) -> int | None:
        """Say when the next message is due; None when the people's story ends."""
        at_ns = self._source.next_at_ns()
        if at_ns is None or not self._due:
            return at_ns
        return min(at_ns, self._due[0][0])

    def take(self) -> Input:
        """Give that message."""
        at_ns = self._source.next_at_ns()
        if self._due and (at_ns is None or self._due[0][0] < at_ns):
            return heapq.heappop(self._due)[2]
        return self._source.take()

    def hear(self, orders: Sequence[Output]) -> None:
        """Hear the music, what is asked, and what comes next."""
        self._source.hear(orders)
        for order in orders:
            if isinstance(order, PhaseChanged):
                self._begin(order)
            elif isinstance(order, QuestionAsked) and self._answers:
                self._answer(order)

    def _begin(self, changed: PhaseChanged) -> None:
        phase = None if changed.phase is None else self._phases.get(changed.phase)
        if self._act is not None:
            self._act(phase, changed.at_ns / NS_PER_S + REACTS_S)
        # What somebody meant to say to the phase before isn't said any more.
        self._due = [item for item in self._due if not isinstance(item[2], KeyPressed)]
        heapq.heapify(self._due)
        if not self._answers or phase is None:
            return
        if phase.law == "songwrite":
            self._work_on_song(phase, changed.at_ns)
        if phase.ends == "key":
            self._press("go_on", changed.at_ns, phase.least_s + GOES_ON_S)

    def _work_on_song(self, phase: Phase, at_ns: int) -> None:
        """Tap a tempo; then discard the first drawing and keep what follows."""
        for tap in range(TAPS):
            self._press("tap", at_ns, 2.0 + TAP_S * tap)
        since_s = 2.0 + TAP_S * TAPS
        decisions = int((phase.most_s - since_s) / DECIDES_S)
        for number in range(1, decisions + 1):
            self._press("reject" if number == 1 else "accept", at_ns, since_s + DECIDES_S * number)

    def _answer(self, asked: QuestionAsked) -> None:
        at_ns = max(self._free_ns, asked.at_ns) + round(ANSWERS_S * NS_PER_S)
        self._free_ns = at_ns
        question = asked.question
        times = self._asked.get(question, 0)
        self._asked[question] = times + 1
        if question == "symptoms":
            self._say(SymptomAnswered(at_ns=at_ns, present=False))
        elif question in {"consent", "nothing_against", "room"}:
            self._say(CheckAnswered(at_ns=at_ns, check=question, yes=True))  # pyright: ignore[reportArgumentType] - by the set
        else:
            value = FELT[question][min(times, 1)]
            self._say(RatingGiven(at_ns=at_ns, question=question, value=value))  # pyright: ignore[reportArgumentType] - by the sets

    def _press(self, key: Key, at_ns: int, after_s: float) -> None:
        self._say(KeyPressed(at_ns=at_ns + round(after_s * NS_PER_S), key=key))

    def _say(self, message: Input) -> None:
        self._number += 1
        heapq.heappush(self._due, (message.at_ns, self._number, message))
