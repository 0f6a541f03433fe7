"""A stage for control laws: people who are felt ideally, a law, the gate, and a beat that sounds.

It is the engine's control step without packets, signals and notes, so that an hour takes seconds.
What people hear is what the engine would have the sound play: beats from a ``BeatClock`` and the
parameters of each order. The tempo that is decided now is reached 0.3 s later, as in the engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.control.follow import neutral_music
from biofeedback.control.law import Moment, Press, Step
from biofeedback.control.limits import Limits
from biofeedback.control.safety import Safety
from biofeedback.messages import NS_PER_MS, NS_PER_S, TICKS_PER_BEAT, SteerSound
from biofeedback.music.beats import BeatClock
from biofeedback.samples import BodyState
from biofeedback.simulate.body import Body
from biofeedback.simulate.felt import Felt
from biofeedback.simulate.story import Act, Person, Story

if TYPE_CHECKING:
    from biofeedback.control.law import Law, Wish
    from biofeedback.messages import MusicParameters

STEP_NS = 100 * NS_PER_MS
LOOKAHEAD_NS = 300 * NS_PER_MS
QUIET = {
    "step_time_cv": 0.0,
    "asymmetry_ratio": 0.0,
    "fatigue_per_min": 0.0,
    "wander_ratio": 0.0,
    "drift_ratio_per_min": 0.0,
}
DRIFTER = {
    "step_time_cv": 0.03,
    "asymmetry_ratio": 0.0,
    "fatigue_per_min": 0.0,
    "wander_ratio": 0.0,
    "drift_ratio_per_min": 0.05,
}
"""CV 3 %, the pace drifts by 5 % a minute (therapies.md, control facts)."""


def walker(cadence_spm: float, *, seed: int = 1, acts: tuple[Act, ...] = (), **person) -> Body:
    """Make somebody who walks from the start, or lives through the given acts."""
    walk = Act(start_s=0.0, doing="walk", cadence_spm=(cadence_spm, cadence_spm))
    return Body(Person(**(DRIFTER | person)), Story(acts or (walk,)), seed=seed)


def sitter(*, seed: int = 1, acts: tuple[Act, ...] = (), **person) -> Body:
    """Make somebody who sits from the start, or lives through the given acts."""
    return Body(Person(**person), Story(acts or (Act(start_s=0.0, doing="rest"),)), seed=seed)


@dataclass
class Row:
    """One control step."""

    at_s: float
    bodies: list[BodyState]
    wish: Wish
    allowed: MusicParameters


@dataclass
class Stage:
    """People and a law; ``play`` goes on for some seconds, ``rows`` and ``steps`` remember."""

    law: Law
    people: list[Body]
    limits: Limits = field(default_factory=Limits)
    resting_bpm: float = 100.0
    may_rise: bool = True
    rows: list[Row] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.felt = [Felt(body, f"p{i + 1}") for i, body in enumerate(self.people)]
        self.absent: set[str] = set()
        self.at_ns = 0
        self.safety = Safety(
            self.limits,
            neutral_music(self.resting_bpm),
            law_slew_ratio_per_s=self.law.tempo_slew_ratio_per_s,
        )
        self.clock = BeatClock(0, self.safety.last.tempo_bpm)
        self.clock.extend(LOOKAHEAD_NS, self.safety.last.tempo_bpm)
        self._seen: dict[str, int] = {}

    def play(self, seconds: float, *, keys: tuple[str, ...] = ()) -> Stage:
        """Go on; ``keys`` are pressed at the first step."""
        for index in range(round(seconds * 10)):
            self.at_ns += STEP_NS
            presses = [Press(key, self.at_ns) for key in keys] if index == 0 else []
            self._step(presses)
        return self

    def _step(self, presses: list[Press]) -> None:
        at_s = self.at_ns / NS_PER_S
        bodies, findings, steps = [], [], []
        for felt in self.felt:
            state, found = felt.feel(at_s)
            if state.wearer in self.absent:
                continue
            bodies.append(state)
            findings += found
            last_ns = state.last_step_ns
            if state.walking and last_ns is not None and self._seen.get(state.wearer) != last_ns:
                self._seen[state.wearer] = last_ns
                steps.append(Step(state.wearer, last_ns, self._asynchrony_beats(last_ns)))
        self.steps += steps
        beat_ratio = self.clock.beats_at(self.at_ns) % 1.0
        moment = Moment(
            self.at_ns,
            bodies,
            self.safety.last.tempo_bpm,
            0.1,
            steps,
            findings,
            presses,
            beat_ratio,
        )
        self.moments.append(moment)
        wish = self.law.propose(moment)
        allowed = self.safety.limit(
            wish.parameters, state="RUN", elapsed_s=0.1, may_rise=self.may_rise
        ).parameters
        self._sound(wish, allowed)
        self.rows.append(Row(at_s, bodies, wish, allowed))

    def _asynchrony_beats(self, at_ns: int) -> float | None:
        if at_ns < 0:
            return None
        beats = self.clock.beats_at(at_ns)
        return beats - round(beats)

    def _sound(self, wish: Wish, allowed: MusicParameters) -> None:
        known_ns = self.clock.end_ns
        until_ns = self.at_ns + LOOKAHEAD_NS
        self.clock.extend(until_ns, allowed.tempo_bpm)
        first, end = self.clock.first_tick_at(known_ns), self.clock.first_tick_at(until_ns)
        beats = range(-(-first // TICKS_PER_BEAT), -(-end // TICKS_PER_BEAT))
        order = SteerSound(
            at_ns=self.at_ns, sequence=1, expires_ns=0, parameters=allowed, may_rise=True
        )
        for body in self.people:
            body.heart.hear([order])
            if wish.cue in {"silent", "pulse"}:
                for pulse_ns in wish.pulses_ns:
                    body.steps.hear_beat(pulse_ns / NS_PER_S, round(pulse_ns / NS_PER_S * 480))
                continue
            for beat in beats:
                tick = beat * TICKS_PER_BEAT
                body.steps.hear_beat(self.clock.time_ns(tick) / NS_PER_S, tick)

    # ------------------------------------------------------------ what came of it

    def tempi(self) -> np.ndarray:
        return np.array([row.allowed.tempo_bpm for row in self.rows])

    def fastest_change_ratio_per_s(self) -> float:
        tempi = self.tempi()
        return float(np.max(np.abs(np.diff(tempi)) / tempi[:-1]) * 10.0)


def lock(asynchronies: np.ndarray, window: int = 30) -> tuple[float, float]:
    """Tell the median R of windows of 30 steps, and how many steps lie within 15 % of the beat."""
    whole = asynchronies[: len(asynchronies) // window * window].reshape(-1, window)
    lengths = np.abs(np.exp(2j * np.pi * whole).mean(axis=1))
    return float(np.median(lengths)), float(np.mean(np.abs(asynchronies) <= 0.15))


def asynchronies(stage: Stage, *, after_s: float = 20.0, wearer: str = "p1") -> np.ndarray:
    """List how far the music was ahead of each step, from ``after_s`` on."""
    return np.array(
        [
            step.asynchrony_beats
            for step in stage.steps
            if step.wearer == wearer and step.at_ns > after_s * NS_PER_S
        ],
        dtype=float,
    )


class Runner:
    """Somebody who takes over a share of the tempo and goes some per cent beyond it."""

    def __init__(self, law: Law, limits: Limits, *, gain: float, lead: float) -> None:
        self.law = law
        self.safety = Safety(
            limits, neutral_music(110.0), law_slew_ratio_per_s=law.tempo_slew_ratio_per_s
        )
        self.gain, self.lead = gain, lead
        self.cadence_spm = 110.0
        self.steps = self.beats = 0.0
        self.at_ns = 0

    def step(self) -> float:
        """Go on by 0.1 s; return the tempo that sounds."""
        self.at_ns += 10**8
        tempo_bpm = self.safety.last.tempo_bpm
        self.beats += tempo_bpm / 600.0
        before, self.steps = self.steps, self.steps + self.cadence_spm / 600.0
        new = []
        if math.floor(self.steps) > math.floor(before):
            asynchrony = self.beats - round(self.beats)
            new.append(Step("p1", self.at_ns, asynchrony))
        body = BodyState(
            wearer="p1",
            has_motion=True,
            motion_age_ms=50.0,
            walking=True,
            cadence_spm=self.cadence_spm,
            last_step_ns=self.at_ns,
            activity_ratio=0.5,
        )
        wish = self.law.propose(Moment(self.at_ns, [body], tempo_bpm, 0.1, new))
        allowed = self.safety.limit(wish.parameters, state="RUN", elapsed_s=0.1, may_rise=True)
        wanted_spm = self.gain * tempo_bpm * (1.0 + self.lead) + (1.0 - self.gain) * 110.0
        self.cadence_spm += 0.05 * (wanted_spm - self.cadence_spm)
        self.wish = wish
        return allowed.parameters.tempo_bpm
