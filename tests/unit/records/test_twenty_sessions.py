"""Twenty sessions of a contingent goal, each started from what the record says of the last."""

from __future__ import annotations

from itertools import pairwise

import pytest

from biofeedback.control.reward import RewardPlan
from biofeedback.records.goals import Goal, follow_goal
from biofeedback.records.person import Person
from biofeedback.records.rows import read_record
from biofeedback.records.sessions import note_session
from biofeedback.records.start import start_values
from biofeedback.records.store import Address, FileStore, change
from biofeedback.simulate.learner import Learner
from tests.unit.control.test_reward import Block

P7 = Address("p7")
GOAL = Goal(name="walk", measure="cadence_spm", target=100.0)


def live(store, body, *, learns_per_s):
    """Live through twenty sessions of seven or eight blocks of half a minute."""
    learner = Learner(habit=80.0, scatter_ratio=0.05, learns_per_s=learns_per_s, seed=1)
    store.add(P7, [Person(pseudonym="p7"), GOAL], seen=0)
    for number in range(20):
        record = read_record(store.read(P7).rows)
        start = start_values(record, RewardPlan(block_s=30.0, seed=number))
        plan = start.plan
        block = Block(
            body,
            goal=plan.goal,
            baseline=plan.baseline,
            criterion=plan.criterion,
            block_s=plan.block_s,
            seed=plan.seed,
        )
        for _ in range(2400 + 300 * (number == 0)):
            block.do(0.1, learner.act(0.1))
            quality = 0.0 if block.wish.cue == "silent" else (block.allowed.energy - 0.25) / 0.45
            learner.hear(quality, 0.1)
        note = note_session(
            block.law.outcomes(),
            session=f"s{number}",
            started_iso=f"2026-11-{number + 1:02d}T10:00:00+01:00",
            therapy="contingent",
            minutes=4.0,
            goal=start.goal,
        )
        change(store, P7, lambda rows, note=note: (note,))
    return read_record(store.read(P7).rows)


@pytest.mark.parametrize(
    ("learns_per_s", "verdicts"), [(0.05, {"reached", "learning"}), (0.0, {"not_learning"})]
)
def test_the_criterion_goes_on_from_session_to_session(tmp_path, body, learns_per_s, verdicts):
    record = live(FileStore(tmp_path), body, learns_per_s=learns_per_s)
    progress = follow_goal(GOAL, record.sessions)
    assert len(progress.history) == progress.judged == 20
    assert progress.verdict in verdicts
    if learns_per_s:
        seen = [follow_goal(GOAL, record.sessions[:n]).verdict for n in range(1, 21)]
        assert seen[0] == "too_early"
        assert "reached" in seen
    baselines = {entry.baseline for entry in progress.history}
    assert len(baselines) == 1, "what it began from stays"
    criteria = [entry.criterion for entry in progress.history]
    step = 0.1 * progress.baseline
    # Seven or eight blocks, at most one change in two of them.
    assert all(abs(b - a) <= 4 * step + 1e-9 for a, b in pairwise(criteria))
    assert all(progress.baseline <= criterion <= 100.0 for criterion in criteria)
