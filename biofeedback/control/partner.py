"""What a partner answers: pure functions from a player's gestures to musical answers.

=========  ==========================================================================
mirror     the same note, at once
imitate    the whole phrase again, from the next beat on
ground     root and fifth in the player's own tempo, under everything
contrast   the phrase turned upside down, half as fast, loud where it was soft
hold       the tonic held: something to lean on
wait       nothing: the space is the player's
=========  ==========================================================================

These are the techniques of improvisational music therapy (Bruscia 1987, Improvisational models of
music therapy: empathy and structuring) in their plainest form; the formulas are our choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from biofeedback.control.law import Answer
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.phrases import Gesture

Behaviour = Literal["mirror", "imitate", "ground", "contrast", "hold", "wait"]

SOFTER = 0.8
SHORTEST_S, LONGEST_S = 0.15, 1.5
LAST_S = 0.8
CONTRAST_SLOWER = 2.0
GROUND_PATTERN: Final = ((0, 0.7), (4, 0.45), (2, 0.5), (4, 0.45))
"""Scale step and strength of each beat of the ostinato."""

HOLD_S = 4.0
HOLD_STRENGTH = 0.5


def mirror(gesture: Gesture, *, start_ns: int) -> Answer:
    """Answer one note with the same note."""
    strength = SOFTER * gesture.strength_ratio
    return Answer(start_ns, 2 * SHORTEST_S, gesture.degree, strength)


def imitate(phrase: Sequence[Gesture], *, start_ns: int) -> list[Answer]:
    """Play a phrase again, rhythm and melody as they were."""
    return _replay(phrase, start_ns=start_ns, slower=1.0)


def contrast(phrase: Sequence[Gesture], *, start_ns: int) -> list[Answer]:
    """Turn a phrase over: high for low, soft for loud, half as fast.

    It is turned over its own middle, so that it stays in the same register.
    """
    degrees = [gesture.degree for gesture in phrase]
    fold = max(degrees, default=0) + min(degrees, default=0)
    turned = [
        gesture._replace(
            degree=fold - gesture.degree, strength_ratio=1.0 - 0.8 * gesture.strength_ratio
        )
        for gesture in phrase
    ]
    return _replay(turned, start_ns=start_ns, slower=CONTRAST_SLOWER)


def ground(beat: int, *, start_ns: int, beat_s: float) -> Answer:
    """Give the note of one beat of the ostinato, beats counted from 0."""
    degree, strength = GROUND_PATTERN[beat % len(GROUND_PATTERN)]
    return Answer(start_ns, 0.9 * beat_s, degree, strength)


def hold(*, start_ns: int) -> Answer:
    """Give the tonic for four seconds."""
    return Answer(start_ns, HOLD_S, 0, HOLD_STRENGTH)


def _replay(phrase: Sequence[Gesture], *, start_ns: int, slower: float) -> list[Answer]:
    answers: list[Answer] = []
    for index, gesture in enumerate(phrase):
        off_ns = round((gesture.at_ns - phrase[0].at_ns) * slower)
        last = index + 1 == len(phrase)
        gap_s = LAST_S if last else (phrase[index + 1].at_ns - gesture.at_ns) / NS_PER_S
        duration_s = min(max(gap_s * slower * 0.9, SHORTEST_S), LONGEST_S)
        strength = SOFTER * gesture.strength_ratio
        answers.append(Answer(start_ns + off_ns, duration_s, gesture.degree, strength))
    return answers
