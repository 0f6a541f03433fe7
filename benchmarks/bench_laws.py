"""Control laws against virtual people: the numbers of therapies.md, and what a proposal costs.

Simulations run on the level of laws (``tests/law_stage.py``): ideal sensors, the real gate, a beat
that people hear 0.3 s after it was decided. Seeds are fixed. ``--only gait,lead`` runs some.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import describe, speed

from biofeedback.control import LAWS
from biofeedback.control.breathe import BreatheLaw, BreathePlan
from biofeedback.control.ensemble import EnsembleLaw
from biofeedback.control.entrain import EntrainLaw, EntrainPlan
from biofeedback.control.follow import FollowLaw, neutral_music
from biofeedback.control.law import Moment, Wish
from biofeedback.control.lead import LeadLaw
from biofeedback.control.learning import Session, judge_learning
from biofeedback.control.limits import Limits
from biofeedback.control.relax import RelaxLaw, RelaxPlan
from biofeedback.control.reward import RewardLaw, RewardPlan
from biofeedback.control.safety import Safety
from biofeedback.messages import NS_PER_S, MusicParameters
from biofeedback.samples import BodyState
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.heart.rhythm import HeartRhythm
from biofeedback.simulate.group import make_group
from biofeedback.simulate.learner import Learner
from biofeedback.simulate.story import Act
from tests.law_stage import QUIET, Runner, Stage, asynchronies, lock, sitter, walker

FREE = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.4)
GAIT = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.1)
CALM = Limits(tempo_baseline_bpm=65.0, tempo_band_ratio=0.4)
SEEDS = range(5)


class Metronome:
    tempo_slew_ratio_per_s = 0.02

    def __init__(self, tempo_bpm):
        self._wish = Wish(neutral_music(tempo_bpm), "walking")

    def propose(self, _moment):
        return self._wish

    def outcomes(self):
        return {}


def gait():
    """Somebody who ignores the beat: CV 3 %, the pace drifts by 5 % a minute, 200 s."""
    heading = "median R of 30 steps / steps within 15 % of the beat"
    print(f"{heading:58} {'100':>11} {'110':>11} {'120':>11}")
    for memory in (0.0, 0.5):
        for name, make, start_bpm in (
            ("metronome", Metronome, None),
            ("follow", lambda _spm: FollowLaw(limits=FREE, resting_tempo_bpm=80.0), 80.0),
            ("entrain", lambda _spm: EntrainLaw(limits=FREE, resting_tempo_bpm=80.0), 80.0),
        ):
            told = []
            for spm in (100.0, 110.0, 120.0):
                rows = []
                for seed in SEEDS:
                    person = walker(spm, seed=seed, step_time_memory=memory)
                    stage = Stage(make(spm), [person], FREE, start_bpm or spm).play(200)
                    rows.append(lock(asynchronies(stage)))
                length, share = np.mean(rows, axis=0)
                told.append(f"{length:.2f} / {share:3.0%}")
            print(
                f"{name + f', slips correlated by {memory:g}':58} "
                + " ".join(f"{t:>11}" for t in told)
            )
    for gain in (0.1, 0.25):
        rows = []
        for seed in SEEDS:
            person = walker(110.0, seed=seed, step_time_memory=0.0, phase_gain=gain)
            law = EntrainLaw(limits=FREE, resting_tempo_bpm=80.0)
            rows.append(lock(asynchronies(Stage(law, [person], FREE, 80.0).play(200))))
        length, share = np.mean(rows, axis=0)
        print(f"entrain, somebody who corrects {gain:.0%}: {length:.2f} / {share:.0%}")


def lead():
    """How far and how fast the lead goes, 5 minutes each."""
    fastest = highest = 0.0
    for gain in (0.0, 0.1, 0.25, 0.5, 0.8, 1.2):
        for seed in range(3):
            person = walker(
                110.0, seed=seed, phase_gain=gain, period_gain=min(gain, 1.0),
                step_time_cv=0.02, step_time_memory=0.0, drift_ratio_per_min=0.0,
            )  # fmt: skip
            law = LeadLaw(limits=GAIT, resting_tempo_bpm=110.0)
            stage = Stage(law, [person], GAIT, 110.0).play(300)
            fastest = max(fastest, stage.fastest_change_ratio_per_s())
            highest = max(highest, stage.tempi().max() / 110.0 - 1.0)
            if seed == 0:
                told = law.outcomes()
                print(
                    f"who corrects {gain:4.0%}: led by {told['lead_ratio']:5.1%}, walks at "
                    f"{told['cadence_spm']:.1f}, with the beat {told['with_beat_ratio']:.0%}"
                )
    print(f"fastest change {fastest:.4%} a second, highest tempo {highest:+.2%}")


def freeze():
    """From the last step to the answer, ten walkers."""
    delays, firsts, slower, spreads = [], [], [], []
    for seed in range(10):
        acts = (
            Act(start_s=0.0, doing="walk", cadence_spm=(104.0 + seed, 104.0 + seed)),
            Act(start_s=30.0 + 0.07 * seed, doing="freeze"),
            Act(start_s=42.0, doing="walk", cadence_spm=(104.0, 104.0)),
        )
        law = EntrainLaw(limits=GAIT, resting_tempo_bpm=110.0)
        person = walker(110.0, seed=seed, acts=acts, phase_gain=0.2)
        stage = Stage(law, [person], GAIT, 110.0).play(60)
        begins = next(row for row in stage.rows if row.wish.reason == "freeze")
        last_s = max(s.at_ns for s in stage.steps if s.at_ns < begins.at_s * NS_PER_S) / NS_PER_S
        before = [row.allowed.tempo_bpm for row in stage.rows if row.at_s < begins.at_s][-1]
        pulses = np.array([ns for r in stage.rows for ns in r.wish.pulses_ns]) / NS_PER_S
        delays.append(begins.at_s - last_s)
        firsts.append(pulses[0] - begins.at_s)
        slower.append(60.0 / np.diff(pulses)[0] / before - 1.0)
        spreads.append(np.ptp(np.diff(pulses)))
    print(f"last step -> freeze told: {min(delays):.2f} to {max(delays):.2f} s")
    print(f"freeze told -> first pulse: {min(firsts):.2f} to {max(firsts):.2f} s")
    spread_ms = max(spreads) * 1e3
    print(f"pulse against the tempo before: {np.mean(slower):+.1%}; uneven by {spread_ms:.3f} ms")


def fading():
    """The cue fades, then the walk without it is told."""
    plan = EntrainPlan(fade_after_s=60.0, fade_step_s=20.0)
    law = EntrainLaw(plan, limits=GAIT, resting_tempo_bpm=110.0)
    stage = Stage(law, [walker(108.0, **QUIET)], GAIT, 110.0).play(190)
    print("cues:", " > ".join(dict.fromkeys(row.wish.cue for row in stage.rows)))
    told = law.outcomes()
    print(f"with cue {told['cadence_spm']:.1f}, without {told['uncued_cadence_spm']:.1f} steps/min")


def runaway():
    """H02: lead 0 to 5 %, gain 0 to 1, an hour each, for each law that follows or leads."""
    for name in ("follow", "entrain", "lead", "ensemble"):
        low, high = math.inf, 0.0
        for ahead in (0.0, 0.01, 0.05):
            for gain in (0.0, 0.5, 1.0):
                law = LAWS[name](limits=GAIT, resting_tempo_bpm=110.0)
                runner = Runner(law, GAIT, gain=gain, lead=ahead)
                tempi = [runner.step() for _ in range(36_000)]
                low, high = min(low, *tempi), max(high, *tempi)
        print(
            f"{name:9} an hour, 9 walkers: {low:.2f} to {high:.2f} bpm (band 99 to 121)", flush=True
        )


def relax():
    """The slope, and somebody whose heart rises in the middle of it."""
    law = RelaxLaw(
        RelaxPlan(minutes=6.0, resting_heart_rate_bpm=70.0), limits=CALM, resting_tempo_bpm=70.0
    )
    stage = Stage(law, [sitter(breath_gain=0.6, calming_bpm=6.0)], CALM, 70.0).play(420)
    tempi = stage.tempi()
    fastest = stage.fastest_change_ratio_per_s()
    print(f"70 bpm -> {tempi[-1]:.1f} in 6 min, at most {fastest:.3%} a second")
    first, last = stage.rows[400].allowed, stage.rows[-1].allowed
    for field in ("density", "brightness", "articulation", "swell", "swell_brpm", "level_db"):
        print(f"  {field}: {getattr(first, field):.2f} -> {getattr(last, field):.2f}")
    rises = steps = 0
    for seed in SEEDS:
        acts = (
            Act(start_s=0.0, doing="rest"),
            Act(start_s=100.0 + 10 * seed, doing="rest", effort_ratio=(0.0, 0.3)),
            Act(start_s=200.0, doing="rest"),
        )
        law = RelaxLaw(limits=CALM, resting_tempo_bpm=70.0)
        stage = Stage(law, [sitter(seed=seed, acts=acts)], CALM, 70.0).play(300)
        for before, row in zip(stage.rows, stage.rows[1:], strict=False):
            if row.wish.reason == "heart_rising":
                steps += 1
                rises += row.allowed.tempo_bpm > before.allowed.tempo_bpm + 1e-9
                rises += row.allowed.level_db > before.allowed.level_db + 1e-9
    print(f"tempo or level rose in {rises} of {steps} steps in which the heart rate did")


def resonance():
    """Own rates from 4.5 to 6.5, four people each."""
    errors = []
    for own in (4.5, 4.8, 5.2, 5.5, 5.8, 6.2, 6.5):
        found = []
        for seed in range(4):
            law = BreatheLaw(BreathePlan(rate="search"), limits=CALM, resting_tempo_bpm=60.0)
            Stage(law, [sitter(seed=seed, breath_gain=1.0, resonance_brpm=own)], CALM, 60.0).play(
                602
            )
            found.append(law.resonance_brpm)
        errors += [abs(one - own) for one in found]
        print(f"own {own}: found {', '.join(f'{one:.2f}' for one in found)}", flush=True)
    print(f"largest error {max(errors):.2f}, mean {np.mean(errors):.2f} breaths/min")


def coherence():
    """An artefact each ten seconds, paced and unpaced people."""
    for gain in (1.0, 0.0):
        worst: dict[str, float] = {}
        for seed in SEEDS:
            clean = intervals(seed, gain)
            truth = coherence_of(clean)
            for kind in ("missed", "extra", "displaced"):
                error = coherence_of(spoil(clean, kind)) / truth - 1.0
                if abs(error) > abs(worst.get(kind, 0.0)):
                    worst[kind] = error
        who = "breathes with the swell" if gain else "breathes alone"
        print(
            f"{who}: clean {truth:.2f}; worst of 5 "
            + ", ".join(f"{k} {v:+.1%}" for k, v in worst.items())
        )


def intervals(seed, gain):
    told = []
    law = BreatheLaw(BreathePlan(pace_brpm=5.5), limits=CALM, resting_tempo_bpm=60.0)
    stage = Stage(law, [sitter(seed=seed, breath_gain=gain)], CALM, 60.0).play(240)
    for moment in stage.moments:
        told += [f.value for f in moment.findings if getattr(f, "measure", "") == "rr_ms"]
    return told


def coherence_of(rr):
    rhythm, at_ms, told = HeartRhythm("p1", "strap", Breathing("p1")), 0.0, []
    for rr_ms in rr:
        at_ms += rr_ms
        found = rhythm.take_interval(rr_ms, round(at_ms * 1e6), doubted=False)
        told += [m.value for m in found if m.measure == "coherence"]
    return float(np.median(told))


def spoil(clean, kind):
    spoilt, time_ms, due_ms, index = [], 0.0, 10_000.0, 0
    while index < len(clean) - 1:
        one, other = clean[index], clean[index + 1]
        if time_ms < due_ms:
            spoilt.append(one)
            index += 1
            time_ms += one
            continue
        due_ms += 10_000.0
        time_ms += one + other
        index += 2
        spoilt += {
            "missed": [one + other],
            "extra": [0.4 * one, 0.6 * one, other],
            "displaced": [0.7 * one, other + 0.3 * one],
        }[kind]
    return spoilt


def contingent():
    """Twenty sessions of a baseline and eight blocks of 30 s, learners and others."""
    for learns in (0.05, 0.02, 0.0):
        reached, most_changes, fewest_probes, verdicts = [], 0.0, math.inf, []
        for seed in range(4):
            learner = Learner(habit=80.0, scatter_ratio=0.05, learns_per_s=learns, seed=seed)
            baseline = criterion = None
            sessions = []
            for number in range(20):
                plan = RewardPlan(
                    goal=100.0, baseline=baseline, criterion=criterion, block_s=30.0, seed=number
                )
                told = live(RewardLaw(plan, limits=Limits(), resting_tempo_bpm=90.0), learner)
                baseline, criterion = told["baseline"], told["criterion"]
                changes = told["steps_up"] + told["steps_down"]
                most_changes = max(most_changes, changes / told["blocks"])
                fewest_probes = min(fewest_probes, told["probes"])
                sessions.append(
                    Session(
                        criterion=criterion,
                        in_criterion_ratio=told["in_criterion_ratio"],
                        probe_value=told["probe_value"],
                    )
                )
                if (
                    judge_learning(sessions, baseline=baseline, goal=100.0) == "reached"
                    and len(reached) <= seed
                ):
                    reached.append(number + 1)
            verdicts.append(judge_learning(sessions, baseline=baseline, goal=100.0))
            if len(reached) <= seed:
                reached.append(None)
        who = f"learns {learns:g} a second" if learns else "non-learner"
        print(
            f"{who}: at session 20 {', '.join(verdicts)}; goal first reached in session {reached}; "
            f"most changes per block {most_changes:.2f}; fewest probes {fewest_probes:.0f}",
            flush=True,
        )
    print(f"response -> whole music: {attack_s():.1f} s")


def live(law, learner, seconds=270):
    safety = Safety(Limits(), neutral_music(90.0))
    for tick in range(seconds * 10):
        body = BodyState(
            wearer="p1",
            has_motion=True,
            motion_age_ms=1.0,
            walking=True,
            cadence_spm=learner.act(0.1),
        )
        wish = law.propose(Moment(tick * 10**8, [body], 90.0, 0.1))
        allowed = safety.limit(
            wish.parameters, state="RUN", elapsed_s=0.1, may_rise=True
        ).parameters
        learner.hear(0.0 if wish.cue == "silent" else (allowed.energy - 0.25) / 0.45, 0.1)
    return law.outcomes()


def attack_s():
    law = RewardLaw(
        RewardPlan(goal=100.0, baseline=80.0, criterion=90.0, schedule="second"),
        limits=Limits(),
        resting_tempo_bpm=90.0,
    )
    safety = Safety(Limits(), neutral_music(90.0))
    responded = None
    for tick in range(400):
        value = 80.0 if tick < 100 else 91.0
        body = BodyState(wearer="p1", walking=True, cadence_spm=value)
        wish = law.propose(Moment(tick * 10**8, [body], 90.0, 0.1))
        allowed = safety.limit(
            wish.parameters, state="RUN", elapsed_s=0.1, may_rise=True
        ).parameters
        if wish.reason == "rewarded" and responded is None:
            responded = tick - 1
        if allowed.energy > 0.69 and allowed.level_db > -0.1:
            return (tick - responded) / 10.0
    return math.nan


def group():
    """Four, one of them noisy, 150 s."""
    limits = Limits(tempo_baseline_bpm=108.0, tempo_band_ratio=0.25)
    for together in (True, False):
        for seed in range(4):
            law = EnsembleLaw(limits=limits, resting_tempo_bpm=100.0)
            stage = Stage(
                law, make_group(4, seed=seed, cadence_spm=108.0, together=together), limits, 100.0
            ).play(150)
            errors = []
            for row in stage.rows[300:]:
                own = [b.cadence_spm for b in row.bodies[:3] if b.cadence_spm]
                errors.append(abs(row.allowed.tempo_bpm / np.median(own) - 1.0))
            told = law.outcomes()
            above = told["together_time_ratio"]
            print(
                f"{'together' if together else 'apart':9} tempo error mean {np.mean(errors):.2%}, "
                f"most {np.max(errors):.2%}; r {told['togetherness']:.2f}, 95th percentile of its "
                f"surrogates {told['togetherness_chance']:.2f}, above it {above:.0%} of the time",
                flush=True,
            )


def gate():
    """F59: a million random wishes, each of the laws' slews and changes of law in between."""
    rng = np.random.default_rng(1)
    names = MusicParameters.__struct_fields__
    limits = Limits(tempo_baseline_bpm=100.0, tempo_band_ratio=0.2)
    safety = Safety(limits, neutral_music(90.0))
    passed = 0
    states = ("RUN", "RUN", "RUN", "CALIBRATE", "HOLD", "EASE")
    slews = (0.02, 0.01, 0.004, 0.001, math.nan, 5.0)
    slew = 0.02
    for chunk in range(1000):
        slew = slews[chunk % len(slews)]
        safety.govern(slew)
        wild = rng.normal(0.0, 1.0, (1000, len(names))) * 10.0 ** rng.integers(-2, 4, (1000, 1))
        wild[:, 0] += 100.0
        wild[rng.random(1000) < 0.02, 0] = math.nan
        rises = rng.random(1000) < 0.8
        picks = rng.integers(0, len(states), 1000)
        most = min(slew, 0.02) if slew > 0 else 0.0
        for values, may_rise, pick in zip(
            wild.tolist(), rises.tolist(), picks.tolist(), strict=True
        ):
            before = safety.last
            wish = MusicParameters(**dict(zip(names, values, strict=True)))
            after = safety.limit(
                wish, state=states[pick], elapsed_s=0.1, may_rise=may_rise
            ).parameters
            change = abs(after.tempo_bpm - before.tempo_bpm)
            allowed = max(before.tempo_bpm * most * 0.1, 0.1 if states[pick] == "EASE" else 0.0)
            passed += change > allowed + 1e-9
            passed += not 80.0 - 1e-9 <= after.tempo_bpm <= 120.0 + 1e-9
            passed += after.level_db > before.level_db + 0.6 + 1e-9 or after.level_db > 0.0
            passed += not 4.0 <= after.swell_brpm <= 10.0
            passed += not may_rise and (
                after.energy > before.energy or after.tempo_bpm > before.tempo_bpm
            )
            passed += not all(map(math.isfinite, msgspec.structs.astuple(after)))
    print(f"limits passed: {passed} of 1,000,000 wishes")


def cost():
    """What one proposal costs, the minimum of seven rounds of 400."""
    acts = (Act(start_s=0.0, doing="walk", cadence_spm=(100.0, 104.0), effort_ratio=(0.1, 0.1)),)
    stage = Stage(
        FollowLaw(limits=GAIT, resting_tempo_bpm=110.0), [walker(100.0, acts=acts)], GAIT, 110.0
    )
    moments = stage.play(40).moments
    times = {}
    for name, make in LAWS.items():
        best = math.inf
        for _ in range(7):
            law = make(limits=GAIT, resting_tempo_bpm=110.0)
            begin = time.process_time()
            for moment in moments:
                law.propose(moment)
            best = min(best, time.process_time() - begin)
        times[name] = best / len(moments) * 1e6
    for name, us in times.items():
        print(f"{name:10} {us:6.1f} us   {us / times['follow']:4.1f} x follow")


PARTS = {
    part.__name__: part
    for part in (
        gait,
        lead,
        freeze,
        fading,
        runaway,
        relax,
        resonance,
        coherence,
        contingent,
        group,
        gate,
        cost,
    )
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    only = parser.parse_args().only.split(",")
    print(describe())
    print(speed())
    for name in only:
        begin = time.process_time()
        print(f"\n== {name}: {PARTS[name].__doc__}")
        PARTS[name]()
        print(f"   ({time.process_time() - begin:.0f} s of processor time)")


if __name__ == "__main__":
    main()
