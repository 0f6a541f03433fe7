"""The keyboard as the desk of whoever leads: orders, answers, keys for the law, notes, markers.

While a question waits, digits and Enter give a rating, y and n answer yes or no; ``!`` tells
symptoms at any time. Otherwise digits play notes.

=========== ==================================================================
space s q   pause or resume, start again, stop
k m         skip to the next phase, set a marker
+ - < >     louder or softer (never above the plan), slower or faster
t a r       tap a tempo, accept, reject
h g x p     hold the music, go on, the next partner or solo, this hurts
1 .. 8      a note of the scale
=========== ==================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.cli.keys import find_order
from biofeedback.messages import (
    CheckAnswered,
    CommandGiven,
    KeyPressed,
    LevelNudged,
    MarkerSet,
    NotePlayed,
    RatingGiven,
    SymptomAnswered,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.cli.view import Latest
    from biofeedback.messages import Input, Key, QuestionAsked

KEYS: Final[dict[str, Key]] = {
    "t": "tap",
    "a": "accept",
    "r": "reject",
    "h": "hold",
    "g": "go_on",
    "x": "next",
    "p": "pain",
    ">": "up",
    "<": "down",
}
LEVEL_STEP_DB: Final = 2.0
NOTES: Final = "12345678"
OTHERS: Final[dict[str, Input]] = {
    "k": CommandGiven(at_ns=0, command="skip"),
    "m": MarkerSet(at_ns=0),
    "!": SymptomAnswered(at_ns=0, present=True),
    "+": LevelNudged(at_ns=0, change_db=LEVEL_STEP_DB),
    "-": LevelNudged(at_ns=0, change_db=-LEVEL_STEP_DB),
}
ENTER: Final = frozenset("\r\n")
RUBOUT: Final = frozenset("\b\x7f")


class Desk:
    """Turns single keys into messages, stamped when they are taken."""

    def __init__(self, latest: Callable[[], Latest]) -> None:
        self._latest = latest

    def press(self, key: str) -> list[Input]:
        """Say what a key means now."""
        latest = self._latest()
        asked = latest.sitting.question
        if asked is not None and self._belongs_to_answer(asked, key):
            answer = self._answer(asked, key)
        else:
            answer = find_order(key, paused=latest.is_paused) or _find_message(key)
        return [] if answer is None else [answer]

    def _belongs_to_answer(self, asked: QuestionAsked, key: str) -> bool:
        if asked.lowest is None:
            return key in {"y", "n"}
        return (key.isdecimal() and key.isascii()) or key in ENTER or key in RUBOUT

    def _answer(self, asked: QuestionAsked, key: str) -> Input | None:
        """Take a key as an answer, or as a part of one."""
        question, sitting = asked.question, self._latest().sitting
        if question == "symptoms":
            return SymptomAnswered(at_ns=0, present=key == "y")
        if question == "consent" or question == "nothing_against" or question == "room":  # noqa: PLR1714 - narrows the type
            return CheckAnswered(at_ns=0, check=question, yes=key == "y")
        if key in RUBOUT:
            sitting.typed = sitting.typed[:-1]
        elif key not in ENTER:
            sitting.typed = (sitting.typed + key)[-2:]
        elif sitting.typed:
            value, sitting.typed = float(sitting.typed), ""
            if (asked.lowest or 0.0) <= value <= (asked.highest or 0.0):
                return RatingGiven(at_ns=0, question=question, value=value)
        return None


def _find_message(key: str) -> Input | None:
    if key in KEYS:
        return KeyPressed(at_ns=0, key=KEYS[key])
    if key in NOTES:
        return NotePlayed(at_ns=0, degree=NOTES.index(key))
    return OTHERS.get(key)
