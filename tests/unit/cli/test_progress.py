"""A progress bar only where somebody looks, and only when it takes long."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from biofeedback.cli import progress
from biofeedback.cli.progress import showing_progress


@pytest.fixture
def stderr(monkeypatch):
    """What appears on stderr, and whether it is a terminal."""
    out = StringIO()

    def watch(*, terminal):
        console = Console(file=out, force_terminal=terminal, width=80)
        monkeypatch.setattr(progress, "Console", lambda **_: console)
        return out

    return watch


def work(seconds, monkeypatch, **options):
    now_s = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s[0])
    with showing_progress("measuring", 10.0, **options) as show:
        for done in range(10):
            now_s[0] += seconds / 10
            show(done)


def test_nothing_appears_where_nobody_looks(stderr, monkeypatch):
    out = stderr(terminal=False)
    work(30.0, monkeypatch)
    assert out.getvalue() == ""


def test_nothing_appears_when_it_is_quick_or_quiet(stderr, monkeypatch):
    out = stderr(terminal=True)
    work(0.5, monkeypatch)
    work(30.0, monkeypatch, quiet=True)
    assert out.getvalue() == ""


def test_a_bar_appears_after_a_second(stderr, monkeypatch):
    out = stderr(terminal=True)
    work(5.0, monkeypatch)
    assert "measuring" in out.getvalue()
