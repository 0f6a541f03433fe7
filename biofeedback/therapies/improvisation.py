"""Improvisation: the player's own tempo and dynamics, a partner who answers."""

from __future__ import annotations

from biofeedback.therapies.playing import PLAYED, tell_played
from biofeedback.therapies.therapy import Therapy

IMPROVISATION = Therapy(
    name="improvisation",
    title="improvising together",
    laws=frozenset({"listen", "breathe", "improvise", "relax"}),
    names=PLAYED,
    outcomes=tell_played,
)
