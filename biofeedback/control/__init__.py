"""Stage 3, measures -> wishes -> what is allowed.

::

    law.py         what a law is: a moment in, a wish out
    follow.py      FOLLOW: the music goes as the person goes
    entrain.py     ENTRAIN: the beat finds the steps, stays with them, fades
    lead.py        LEAD: the beat invites to a little more, on success
    relax.py       RELAX: from the resting pulse down, thinner, darker, breathing
    iso.py         ISO: meet somebody where they are, then lead by small steps
    breathe.py     BREATHE: a swell to breathe with; the breath that suits best
    contour.py     CONTOUR: the arc of an imagery session
    listen.py      LISTEN: no beat, only measuring
    reward.py      REWARD: the quality of the music is the consequence of what is done
    ensemble.py    ENSEMBLE: the group owns the tempo, each member a layer
    improvise.py   IMPROVISE: the player's own tempo, and a partner who answers
    songwrite.py   SONGWRITE: a song grows slot by slot
    tracker.py     the walker tracked, and the beat brought onto the steps
    stepping.py    how somebody steps, and how well with the beat
    freeze.py      the answer to a freeze
    next_beat.py   when the next beat sounds that can still be ordered for
    cue.py         how much of the beat sounds
    ladder.py      how much is asked, and which responses are rewarded
    behaviour.py   what is counted
    learning.py    does somebody learn over sessions?
    togetherness.py  how much a group moves together, against chance
    phrases.py     gestures as notes, notes as phrases
    partner.py     what a partner answers
    songwriting.py tempo, melody and groove drawn with the body
    swell.py       the rate of a swell that people may breathe with
    resonance.py   at which breath the heart swings most
    course.py      where a measure began, where it is, whether it rises
    calm.py        music of the laws that calm
    parts.py       what each wearer, or each axis of a body, does in the music
    falling_asleep.py  less and less of whatever a law wishes, until it is silent
    effort.py      which heart-rate ceiling holds
    ceilings.py    is a heart rate above its ceiling?
    freshness.py   is what steers the music fresh?
    session.py     in which state the session is, and why
    safety.py      the gate: nothing gets past it
    limits.py      the bounds no plan gets past

A law proposes (one per file, listed in ``LAWS``), ``session.py`` says in which state the session
is, ``safety.py`` disposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from biofeedback.control.breathe import BreatheLaw, BreathePlan
from biofeedback.control.contour import ContourLaw, ContourPlan
from biofeedback.control.ensemble import EnsembleLaw, EnsemblePlan
from biofeedback.control.entrain import EntrainLaw, EntrainPlan
from biofeedback.control.follow import FollowLaw
from biofeedback.control.improvise import ImproviseLaw, ImprovisePlan
from biofeedback.control.iso import IsoLaw, IsoPlan
from biofeedback.control.lead import LeadLaw, LeadPlan
from biofeedback.control.listen import ListenLaw, ListenPlan
from biofeedback.control.relax import RelaxLaw, RelaxPlan
from biofeedback.control.reward import RewardLaw, RewardPlan
from biofeedback.control.songwrite import SongwriteLaw, SongwritePlan

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from biofeedback.control.law import Law

LawName = Literal[
    "follow",
    "entrain",
    "lead",
    "relax",
    "iso",
    "breathe",
    "contour",
    "reward",
    "ensemble",
    "improvise",
    "songwrite",
    "listen",
]

LAWS: dict[str, Callable[..., Law]] = {
    "follow": FollowLaw,
    "entrain": EntrainLaw,
    "lead": LeadLaw,
    "relax": RelaxLaw,
    "iso": IsoLaw,
    "breathe": BreatheLaw,
    "contour": ContourLaw,
    "reward": RewardLaw,
    "ensemble": EnsembleLaw,
    "improvise": ImproviseLaw,
    "songwrite": SongwriteLaw,
    "listen": ListenLaw,
}
"""Control laws by the name that a plan uses; each is made with ``limits`` and the resting pulse."""

LAW_PLANS: dict[str, type[msgspec.Struct]] = {
    "entrain": EntrainPlan,
    "lead": LeadPlan,
    "relax": RelaxPlan,
    "iso": IsoPlan,
    "breathe": BreathePlan,
    "contour": ContourPlan,
    "reward": RewardPlan,
    "ensemble": EnsemblePlan,
    "improvise": ImprovisePlan,
    "songwrite": SongwritePlan,
    "listen": ListenPlan,
}
"""What can be chosen about a law; ``follow`` has no choices."""
