"""What a link tells becomes a notice in the trace, the same in a replay."""

from __future__ import annotations

from typing import get_args

import pytest

from biofeedback.engine import LINK_NOTICES, Engine
from biofeedback.messages import NS_PER_S, CommandGiven, LinkFact, LinkReported, NoticeGiven
from biofeedback.settings import Settings


def report(link: LinkFact, at_s: float = 1.0) -> LinkReported:
    return LinkReported(at_ns=round(at_s * NS_PER_S), wearer="p1", sensor="strap", link=link)


@pytest.mark.parametrize("link", [link for link in get_args(LinkFact) if link != "heard"])
def test_each_trouble_of_a_link_has_a_notice(link):
    outputs = Engine(Settings(), {}).handle(report(link))
    assert [(o.code, o.wearer, o.sensor) for o in outputs] == [(LINK_NOTICES[link], "p1", "strap")]


def test_a_sensor_that_is_heard_again_is_no_notice_yet():
    assert Engine(Settings(), {}).handle(report("heard")) == []


def test_the_same_trouble_is_told_twice_a_minute_at_most():
    engine = Engine(Settings(), {})
    engine.handle(CommandGiven(at_ns=0, command="start"))
    notices = [
        output
        for second in range(1, 62)
        for output in engine.handle(report("lost", second))
        if isinstance(output, NoticeGiven) and output.code == "link_lost"
    ]
    assert len(notices) == 3
