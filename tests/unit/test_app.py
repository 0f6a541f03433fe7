"""The loop's clocks: a stall is told once, a slow start is none."""

from __future__ import annotations

import queue

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.messages import NS_PER_S, ClockJumped, CommandGiven, SensorAttached, TimePassed
from biofeedback.settings import Settings
from biofeedback.simulate.source import ListedSource
from biofeedback.sound import open_null


class InventedClock(Stopwatch):
    """Waiting takes no time: the clock stands at the newest due time, plus what a test adds."""

    def __init__(self, *, begins_s: float = 0.0, stall_at_s: float = 0.0, stall_s: float = 0.0):
        super().__init__(fast=False)
        self.origin_ns = 0
        self._now_ns = round(begins_s * NS_PER_S)
        self._stall_at_ns = round(stall_at_s * NS_PER_S)
        self._stall_ns = round(stall_s * NS_PER_S)

    def now_ns(self):
        return self._now_ns

    def slept_ns(self):
        return 0

    def pass_until(self, due_ns):
        self._now_ns = max(self._now_ns, due_ns)
        if self._stall_ns and self._now_ns >= self._stall_at_ns:
            self._now_ns += self._stall_ns
            self._stall_ns = 0


class PatientInbox(queue.SimpleQueue):
    """Lets the invented clock pass instead of waiting."""

    def __init__(self, clock):
        self.clock = clock

    def get(self, block=True, timeout=None):
        self.clock.pass_until(self.clock.now_ns() + round((timeout or 0) * NS_PER_S))
        raise queue.Empty


class Notebook:
    def __init__(self):
        self.messages = []

    def see(self, message, outputs):
        self.messages.append(message)


def play(clock):
    notebook = Notebook()
    messages = [
        SensorAttached(at_ns=at_ns, wearer="p1", sensor="chest", profile="polar_h10", site="chest")
        for at_ns in (0, 8 * NS_PER_S)
    ]
    parts = Parts(
        make_engine(Settings()), ListedSource(messages), open_null(), None, notebook, None
    )
    run_session(parts, clock, PatientInbox(clock))
    return notebook.messages


def test_F44_a_stall_of_six_seconds_is_told_once():
    jumps = [m for m in play(InventedClock(stall_at_s=2.0, stall_s=6.0)) if type(m) is ClockJumped]
    assert [round(m.jump_s) for m in jumps] == [6]


def test_a_slow_start_is_no_stall():
    messages = play(InventedClock(begins_s=3.0))
    assert not [m for m in messages if type(m) is ClockJumped]
    assert len([m for m in messages if type(m) is TimePassed]) >= 79


def test_a_session_begins_with_start_and_ends_with_stop():
    messages = play(InventedClock())
    assert [m.command for m in messages if type(m) is CommandGiven] == ["start", "stop"]
