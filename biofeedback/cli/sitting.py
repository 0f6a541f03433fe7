"""What a person reads of a session by a plan: phase, time left, what to say, what is asked.

``Sitting`` keeps the newest facts; the words stand in tables, one for each set of words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.messages import (
    CheckAnswered,
    DecisionMade,
    MarkerSet,
    OutcomesTold,
    PhaseChanged,
    PhaseEnd,
    Question,
    QuestionAsked,
    RatingGiven,
    StateChanged,
    SymptomAnswered,
    TakeKept,
)

if TYPE_CHECKING:
    from biofeedback.messages import Input, Output

STEP_S: Final = 0.1

QUESTION_WORDS: Final[dict[Question, str]] = {
    "tension": "How tense are you now?",
    "mood": "How is your mood now?",
    "pain": "How much does it hurt now?",
    "tiredness": "How tired are you now?",
    "effort": "How hard was it? (6 is no effort at all, 20 the most)",
    "cohesion": "How much do you feel together as a group?",
    "ownership": "How much is the song your own?",
    "closeness": "How near is the title to you now?",
    "consent": "Shall we begin? You may stop at any time, without a reason.",
    "nothing_against": "Is it true that none of this applies?",
    "room": "Is there room to move, and nothing to stumble over?",
    "symptoms": "Do you have pain, dizziness, trouble breathing, or do you feel unwell?",
}
END_WORDS: Final[dict[PhaseEnd, str]] = {
    "begun": "",
    "time": "",
    "criterion": "reached; ",
    "key": "",
    "answered": "",
    "skipped": "skipped; ",
    "limit_near": "the time is nearly over; ",
    "over": "",
}
_UNITS: Final = {
    "bpm": " bpm",
    "brpm": "/min",
    "spm": "/min",
    "s": " s",
    "ms": " ms",
    "ratio": "",
    "beats": " beats",
}

_OUTCOME_WORDS: Final = {
    # Not those that were heard: a step counts here if the law of a phase timed it.
    "steps": "steps timed in the phases",
}


class Sitting:
    """The newest facts of a plan."""

    def __init__(self) -> None:
        self.phase: PhaseChanged | None = None
        self.questions: list[QuestionAsked] = []
        self.outcomes: dict[str, float | None] | None = None
        self.typed = ""
        self.markers = 0
        self.takes: list[TakeKept] = []
        self._in_phase_s = 0.0
        self._is_finished = False

    @property
    def question(self) -> QuestionAsked | None:
        """What waits for an answer."""
        return self.questions[0] if self.questions else None

    @property
    def left_s(self) -> float | None:
        """How long the phase may still last; None where only answers end it."""
        if self.phase is None or self.phase.most_s is None:
            return None
        return max(0.0, self.phase.most_s - self._in_phase_s)

    def take_input(self, message: Input) -> None:
        """Note what was answered."""
        match message:
            case RatingGiven(question=question):
                self._close(question)
            case CheckAnswered(check=check):
                self._close(check)
            case SymptomAnswered():
                self._close("symptoms")
            case MarkerSet():
                self.markers += 1
            case _:
                pass

    def take_output(self, output: Output) -> str | None:
        """Take a fact in; return a line for who reads line by line."""
        match output:
            case DecisionMade(state="RUN"):
                self._in_phase_s += STEP_S
            case StateChanged(after="STOP", reason="finished"):
                self._is_finished = True
            case PhaseChanged():
                last, self.phase = self.phase, output
                self._in_phase_s = 0.0
                # What was asked of a stage that is over isn't asked any more; symptoms are.
                self.questions = [q for q in self.questions if q.question == "symptoms"]
                return say_phase(output, None if self._is_finished else last)
            case QuestionAsked():
                self._close(output.question)
                # What may be told at any time waits behind what has to be answered now.
                self.questions.append(output)
                self.questions.sort(key=lambda asked: asked.question == "symptoms")
                return say_question(output)
            case OutcomesTold(phase=None):
                self.outcomes = output.outcomes
            case TakeKept():
                self.takes.append(output)
                return f"kept: {output.slot}"
            case _:
                pass
        return None

    def _close(self, question: Question) -> None:
        self.questions = [asked for asked in self.questions if asked.question != question]
        self.typed = ""


def say_phase(changed: PhaseChanged, cut: PhaseChanged | None = None) -> str:
    """Say which phase begins, or that the plan is over; ``cut`` is the phase it was stopped in."""
    if changed.phase is None and cut is not None:
        return f"the plan was stopped in {cut.number} of {cut.of}: {cut.phase}"
    if changed.phase is None:
        return "the plan is over"
    why = END_WORDS[changed.why]
    most = "" if changed.most_s is None else f" (up to {minutes(changed.most_s)})"
    said = f". {changed.say}" if changed.say else ""
    return f"{why}{changed.number} of {changed.of}: {changed.phase}{most}{said}"


def say_question(asked: QuestionAsked) -> str:
    """Say what is asked, and how to answer."""
    words = QUESTION_WORDS[asked.question]
    detail = f" [{asked.detail}]" if asked.detail else ""
    if asked.lowest is None or asked.highest is None:
        return f"{words}{detail} y or n"
    return f"{words}{detail} {asked.lowest:.0f} to {asked.highest:.0f}"


def say_outcome(name: str, value: float | None) -> tuple[str, str]:
    """Say an outcome: its name in words, its value with its unit, or that it is unknown."""
    stem, _, unit = name.rpartition("_")
    known = unit in _UNITS and bool(stem)
    words = _OUTCOME_WORDS.get(name) or (stem if known else name).replace("_", " ")
    if value is None:
        return words, "unknown"
    whole = abs(value) >= 100 or value == round(value)
    # The z drops the sign of what is rounded to zero.
    number = f"{value:z.0f}" if whole else f"{value:z.2f}"
    return words, number + (_UNITS[unit] if known else "")


def minutes(seconds: float) -> str:
    """Write seconds as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
