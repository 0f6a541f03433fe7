"""IMPROVISE: the player's own tempo, the player's own dynamics, and a partner who answers.

Each gesture of the player sounds at once (the engine doesn't wait for a law); this law chooses
what lies under it and what the partner plays. The tempo is that of the player's own notes; with
fewer than four it stays. Movement makes the ground busier, stillness lets it sustain.
The partner's behaviour is the plan's, or goes round with the ``next`` key.
"""

from __future__ import annotations

import math
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from biofeedback.control import partner
from biofeedback.control.law import AHEAD_NS, Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S
from biofeedback.control.next_beat import next_beat_ns
from biofeedback.control.partner import Behaviour  # noqa: TC001 - decoders read the types
from biofeedback.control.phrases import Player, intervals_s
from biofeedback.messages import NS_PER_S, MusicParameters

if TYPE_CHECKING:
    from biofeedback.control.law import Answer, Moment
    from biofeedback.control.limits import Limits
    from biofeedback.control.phrases import Gesture
    from biofeedback.messages import Reason

SMOOTH_S = 2.0
SILENT_S = 2.0
ANSWERED_S = 4.0
FEWEST_PLACED = 8
MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)
ROUND: Final[tuple[Behaviour, ...]] = ("mirror", "imitate", "ground", "contrast", "hold", "wait")


class ImprovisePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the partner begins."""

    partner: Behaviour = "imitate"


class ImproviseLaw:
    """Players and one partner."""

    tempo_slew_ratio_per_s: ClassVar[float] = FOLLOW_SLEW_RATIO_PER_S

    def __init__(
        self, plan: ImprovisePlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._behaviour: Behaviour = (plan or ImprovisePlan()).partner
        self._low_bpm, self._high_bpm = limits.tempo_low_bpm, limits.tempo_high_bpm
        self._tempo_bpm = resting_tempo_bpm
        self._players: dict[str, Player] = {}
        self._energy = 0.0
        self._waiting: list[Answer] = []
        self._beat = 0
        self._told_ns: int | None = None
        self._partner_until_ns: int | None = None
        self._elapsed_s = self._silent_s = 0.0
        self._newest_ns: int | None = None
        self._strengths: list[float] = []
        self._intervals_s: list[float] = []
        self._lags_s: list[float] = []
        self._phrases = self._own_phrases = self._partner_notes = 0
        self._places, self._placed = 0j, 0

    @property
    def behaviour(self) -> Behaviour:
        """What the partner does now."""
        return self._behaviour

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        if moment.pressed("next"):
            self._behaviour = ROUND[(ROUND.index(self._behaviour) + 1) % len(ROUND)]
            self._waiting = []
            self._beat, self._told_ns = 0, None
        for body in moment.bodies:
            self._players.setdefault(body.wearer, Player(body.wearer))
        for player in self._players.values():
            self._hear(player, moment)
        self._count_silence(moment)
        self._accompany(moment)
        answers = self._due(moment)
        self._partner_notes += len(answers)
        slow = min(1.0, moment.elapsed_s / SMOOTH_S)
        activities = [b.activity_ratio for b in moment.bodies if b.activity_ratio is not None]
        self._energy += slow * (max(activities, default=0.0) - self._energy)
        reason: Reason = "answering" if answers else "playing"
        return Wish(self._dress(), reason, answers=answers)

    def outcomes(self) -> dict[str, float | None]:
        """Tell how much, how evenly and how loudly was played, and how turns were taken."""
        minutes = self._elapsed_s / 60.0
        own, gaps = len(self._strengths), self._intervals_s
        return {
            "notes_per_min": own / minutes if minutes else None,
            "tempo_bpm": 60.0 / median(gaps) if gaps else None,
            "interval_cv": pstdev(gaps) / fmean(gaps) if len(gaps) > 1 else None,
            "silence_ratio": self._silent_s / self._elapsed_s if self._elapsed_s else None,
            "dynamic_range_ratio": max(self._strengths) - min(self._strengths) if own else None,
            "turn_taking_lag_s": median(self._lags_s) if self._lags_s else None,
            "coupling_ratio": self._coupling(),
            "initiative_ratio": self._own_phrases / self._phrases if self._phrases else None,
            "player_share_ratio": own / (own + self._partner_notes) if own else None,
        }

    def _coupling(self) -> float | None:
        """Tell how far notes keep to one place of the beat: the resultant length, 0..1."""
        if self._placed < FEWEST_PLACED:
            return None
        return abs(self._places) / self._placed

    # ------------------------------------------------------------ the player

    def _hear(self, player: Player, moment: Moment) -> None:
        for gesture in player.listen(moment):
            self._note(gesture)
            self._place_in_beat(gesture, moment)
            if self._behaviour == "mirror":
                start_ns = max(gesture.at_ns, moment.at_ns + AHEAD_NS)
                self._waiting.append(partner.mirror(gesture, start_ns=start_ns))
        if player.interval_s is not None:
            self._tempo_bpm = self._fold(60.0 / player.interval_s, moment.tempo_bpm)
        phrase = player.end_phrase(moment.at_ns)
        if phrase is None:
            return
        self._phrases += 1
        self._intervals_s += [gap for gap in intervals_s(phrase) if gap <= SILENT_S]
        self._answer_phrase(phrase, moment)

    def _note(self, gesture: Gesture) -> None:
        """Keep the numbers of one note; after a partner's phrase it may be the answer to it."""
        self._strengths.append(gesture.strength_ratio)
        newest_ns, self._newest_ns = self._newest_ns, gesture.at_ns
        begins = newest_ns is None or gesture.at_ns - newest_ns > SILENT_S * NS_PER_S
        until_ns = self._partner_until_ns
        lag_s = None if until_ns is None else (gesture.at_ns - until_ns) / NS_PER_S
        if not begins:
            return
        if lag_s is not None and 0.0 <= lag_s <= ANSWERED_S:
            self._lags_s.append(lag_s)
        else:
            self._own_phrases += 1
        self._partner_until_ns = None

    def _place_in_beat(self, gesture: Gesture, moment: Moment) -> None:
        """Add a note's place in the beat as it was then."""
        if moment.beat_ratio is None:
            return
        ago_beats = (moment.at_ns - gesture.at_ns) / NS_PER_S * moment.tempo_bpm / 60.0
        angle = math.tau * (moment.beat_ratio - ago_beats)
        self._places += complex(math.cos(angle), math.sin(angle))
        self._placed += 1

    def _count_silence(self, moment: Moment) -> None:
        self._elapsed_s += moment.elapsed_s
        newest_ns = self._newest_ns
        if newest_ns is None or moment.at_ns - newest_ns > SILENT_S * NS_PER_S:
            self._silent_s += moment.elapsed_s

    # ------------------------------------------------------------ the partner

    def _answer_phrase(self, phrase: list[Gesture], moment: Moment) -> None:
        start_ns = next_beat_ns(moment)
        if start_ns is None:
            return
        if self._behaviour == "imitate":
            self._waiting = partner.imitate(phrase, start_ns=start_ns)
        elif self._behaviour == "contrast":
            self._waiting = partner.contrast(phrase, start_ns=start_ns)

    def _accompany(self, moment: Moment) -> None:
        """Go on with what has a pulse of its own."""
        if self._behaviour not in {"ground", "hold"}:
            return
        until_ns = moment.at_ns + AHEAD_NS + round(moment.elapsed_s * NS_PER_S)
        while (start_ns := self._next_own_ns(moment)) is not None and start_ns < until_ns:
            if self._behaviour == "ground":
                beat_s = 60.0 / moment.tempo_bpm
                note = partner.ground(self._beat, start_ns=start_ns, beat_s=beat_s)
            else:
                note = partner.hold(start_ns=start_ns)
            self._waiting.append(note)
            self._beat += 1
            self._told_ns = start_ns

    def _next_own_ns(self, moment: Moment) -> int | None:
        """Tell when the next beat of the ground sounds, or when what is held is taken up again."""
        if self._behaviour == "hold" and self._told_ns is not None:
            again_ns = self._told_ns + round(partner.HOLD_S * NS_PER_S)
            return max(again_ns, moment.at_ns + AHEAD_NS)
        return next_beat_ns(moment, after_ns=self._told_ns)

    def _due(self, moment: Moment) -> tuple[Answer, ...]:
        """Hand out the answers whose time has come, each once."""
        until_ns = moment.at_ns + AHEAD_NS + round(moment.elapsed_s * NS_PER_S)
        due = tuple(answer for answer in self._waiting if answer.start_ns < until_ns)
        self._waiting = [answer for answer in self._waiting if answer.start_ns >= until_ns]
        if due and self._behaviour in {"imitate", "contrast"}:
            end_ns = max(a.start_ns + round(a.duration_s * NS_PER_S) for a in due)
            self._partner_until_ns = end_ns
        return due

    # ------------------------------------------------------------ the ground

    def _fold(self, own_bpm: float, sounding_bpm: float) -> float:
        """Bring the player's tempo near the sounding one by halves and doubles."""
        inside = [
            own_bpm * multiple
            for multiple in MULTIPLES
            if self._low_bpm <= own_bpm * multiple <= self._high_bpm
        ]
        return min(inside, key=lambda bpm: abs(bpm - sounding_bpm), default=sounding_bpm)

    def _dress(self) -> MusicParameters:
        energy = self._energy
        return MusicParameters(
            tempo_bpm=self._tempo_bpm,
            energy=0.15 + 0.5 * energy,
            density=0.1 + 0.4 * energy,
            brightness=0.25 + 0.4 * energy,
            articulation=0.1 + 0.4 * energy,
            tension=0.2,
            swell=0.3 * (1.0 - energy),
            register=0.0,
            level_db=-10.0 + 4.0 * energy,
        )
