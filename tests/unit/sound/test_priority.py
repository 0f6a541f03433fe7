"""Priority is asked for, and not needed."""

from __future__ import annotations

import os

import pytest

from biofeedback.sound.priority import prefer_process, prefer_thread

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="Linux only")


@pytest.fixture
def asked(monkeypatch):
    """Collect what is asked of the system, which refuses it."""
    asked = []

    def refuse(*request):
        asked.append(request)
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", refuse)
    return asked


def test_a_refusal_is_no_error(asked):
    prefer_process()
    prefer_thread()
    assert len(asked) == 2


def test_a_thread_that_is_real_time_already_keeps_its_rank(asked, monkeypatch):
    monkeypatch.setattr(os, "sched_getscheduler", lambda _pid: os.SCHED_FIFO)
    prefer_thread()
    assert asked == []


def test_the_sound_server_goes_before_us(asked):
    prefer_thread()
    ((_, policy, parameters),) = asked
    assert policy == os.SCHED_RR | os.SCHED_RESET_ON_FORK
    assert parameters.sched_priority < 5  # PulseAudio's own
