"""Stage 3, measures -> wishes -> what is allowed.

::

    law.py         what a law is: a moment in, a wish out
    follow.py      FOLLOW: the music goes as the person goes
    entrain.py     ENTRAIN: the beat finds the steps, stays with them, fades
    lead.py        LEAD: the beat invites to a little more, on success
    tracker.py     the walker tracked, and the beat brought onto the steps
    stepping.py    how somebody steps, and how well with the beat
    freeze.py      the answer to a freeze
    cue.py         how much of the beat sounds
    session.py     in which state the session is, and why
    safety.py      the gate: nothing gets past it
    limits.py      the bounds no plan gets past

A law proposes (one per file, listed in ``LAWS``), ``session.py`` says in which state the session
is, ``safety.py`` disposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.control.entrain import EntrainLaw
from biofeedback.control.follow import FollowLaw
from biofeedback.control.lead import LeadLaw

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.control.law import Law

LAWS: dict[str, Callable[..., Law]] = {
    "follow": FollowLaw,
    "entrain": EntrainLaw,
    "lead": LeadLaw,
}
"""Control laws by the name that a plan uses; each is made with ``limits`` and the resting pulse."""
