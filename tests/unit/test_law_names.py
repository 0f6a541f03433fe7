"""Plans name laws; the laws are listed in control."""

from __future__ import annotations

from typing import get_args

import pytest

from biofeedback.cli.view import LIMIT_WORDS, NOTICE_WORDS, REASON_WORDS
from biofeedback.control import LAWS
from biofeedback.engine import Engine
from biofeedback.messages import NS_PER_S, CommandGiven, DecisionMade, Limit, NoticeCode, Reason
from biofeedback.messages import TimePassed as Passed
from biofeedback.settings import LawName, Settings


def test_every_law_can_be_planned():
    assert get_args(LawName) == tuple(LAWS)


def test_every_word_of_a_decision_has_words_for_people():
    assert set(REASON_WORDS) == set(get_args(Reason))
    assert set(LIMIT_WORDS) == set(get_args(Limit))
    assert set(NOTICE_WORDS) == set(get_args(NoticeCode))


@pytest.mark.parametrize("name", LAWS)
def test_every_law_runs_in_the_engine(name):
    engine = Engine(Settings(law=name, calibrate_s=0.0), {})
    engine.handle(CommandGiven(at_ns=0, command="start"))
    outputs = engine.handle(Passed(at_ns=3 * NS_PER_S))
    decisions = [output for output in outputs if isinstance(output, DecisionMade)]
    assert len(decisions) == 30
    assert "law_failed" not in {getattr(output, "code", "") for output in outputs}
