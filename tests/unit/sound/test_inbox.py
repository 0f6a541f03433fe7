"""What comes over the pipe is taken at once, and never waited for."""

from __future__ import annotations

import os

import pytest

from biofeedback.messages import StopSound
from biofeedback.sound.child import OrderPipe
from biofeedback.sound.frames import Finish, encode_frame
from biofeedback.sound.inbox import Inbox


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def stop(k):
    return StopSound(at_ns=k, fade_ms=100)


def test_an_empty_pipe_is_no_wait_and_a_closed_one_is_the_end(pipe):
    inbox = Inbox(pipe[0])
    inbox.start_polling()
    assert inbox.take() == []
    assert not inbox.ended
    os.close(pipe[1])
    assert inbox.take() == []
    assert inbox.ended


def test_orders_come_whole_and_in_order_however_they_were_cut(pipe):
    inbox = Inbox(pipe[0])
    data = b"".join(encode_frame(stop(k)) for k in range(50))
    os.write(pipe[1], data[:7])
    inbox.start_polling()
    assert inbox.take() == []
    os.write(pipe[1], data[7:-3])
    taken = inbox.take()
    os.write(pipe[1], data[-3:])
    assert taken + inbox.take() == [stop(k) for k in range(50)]


def test_what_came_with_the_first_order_is_not_lost(pipe):
    inbox = Inbox(pipe[0])
    os.write(pipe[1], encode_frame(stop(1)) + encode_frame(stop(2)))
    assert inbox.wait() == stop(1)
    inbox.start_polling()
    assert inbox.take() == [stop(2)]


def test_a_full_pipe_delays_and_reorders_nothing(pipe):
    sender = OrderPipe(os.fdopen(pipe[1], "wb", buffering=0))
    inbox = Inbox(pipe[0])
    count = 20_000  # some megabytes: many times what a pipe holds
    for k in range(count):
        sender.send(encode_frame(stop(k)))
    assert sender.waiting > 0
    sender.send(encode_frame(Finish()))
    sender.end()
    got = [inbox.wait() for _ in range(count)]
    assert got == [stop(k) for k in range(count)]
    assert inbox.wait() == Finish()
    assert inbox.wait() is None
    sender.thread.join(timeout=10.0)
    assert sender.waiting == 0


def test_nobody_who_listens_is_no_error(pipe):
    sender = OrderPipe(os.fdopen(os.dup(pipe[1]), "wb", buffering=0))
    os.close(pipe[0])
    sender.send(encode_frame(stop(1)))
    sender.end()
    sender.thread.join(timeout=10.0)
    assert not sender.thread.is_alive()
