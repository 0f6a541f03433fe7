"""The composition root: one source, one engine, one sound, one trace, and the order of shutdown.

``run_session`` is the only loop. Live, it waits for whatever is due first: the source's next
message, the engine's next control step, or an order in the inbox (keyboard, sound reports). Fast,
it never waits; everything else is the same code, so a session written to a file and one heard
live make the same decisions.

Other threads only ever put messages into the inbox. A fact (a packet of a sensor in the air) was
stamped when it happened and keeps its stamp; an order of a person is stamped when it is taken.
"""

from __future__ import annotations

import contextlib
import gc
import queue
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from biofeedback.engine import NEVER_NS, Engine
from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    ClockJumped,
    CommandGiven,
    Input,
    KeyPressed,
    LevelNudged,
    MarkerSet,
    NotePlayed,
    Output,
    PhaseChanged,
    PlayNote,
    QuestionAsked,
    RatingGiven,
    SoundOrder,
    SteerSound,
    StopSound,
    StretchSong,
    SymptomAnswered,
    TimePassed,
)
from biofeedback.profiles import list_profiles

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from biofeedback.decode.profile import Profile
    from biofeedback.settings import Settings
    from biofeedback.simulate.source import Source
    from biofeedback.sound import Sound
    from biofeedback.trace.journal import Journal

LATE_TICK_NS = NS_PER_S
SLEPT_NS = 2 * NS_PER_S
STOP_FADE_NS = NS_PER_S
HEARD = (PlayNote, SteerSound, PhaseChanged, QuestionAsked)
SAID = (
    CommandGiven,
    KeyPressed,
    NotePlayed,
    RatingGiven,
    CheckAnswered,
    SymptomAnswered,
    MarkerSet,
    LevelNudged,
)
"""What people say at keys: it is stamped when it is taken."""
GIVE_WAY_S = 0.0005


class View(Protocol):
    """Whatever shows a session to a person."""

    def see(self, message: Input, outputs: Sequence[Output]) -> None:
        """Take note of one message and of what the engine answered."""
        ...


@dataclass
class Stopwatch:
    """The session's clock: the host's monotonic one, or the source's when nothing has to wait."""

    fast: bool
    origin_ns: int = field(init=False)
    _asleep_ns: int = field(init=False)

    def __post_init__(self) -> None:
        """Start now; a fast session begins at zero, so that its trace is the same each time."""
        self.origin_ns = 0 if self.fast else time.monotonic_ns()
        self._asleep_ns = _read_sleep_ns()

    def now_ns(self) -> int:
        """Read the monotonic clock."""
        return time.monotonic_ns()

    def slept_ns(self) -> int:
        """Tell for how long the computer has slept since this was asked last (F44)."""
        asleep_ns = _read_sleep_ns()
        slept_ns, self._asleep_ns = asleep_ns - self._asleep_ns, asleep_ns
        return slept_ns


def _read_sleep_ns() -> int:
    """Read how far a clock that goes on in sleep is ahead of the one that doesn't.

    Linux has such a clock, so that setting the wall clock is no sleep there (F42); elsewhere the
    wall clock has to serve.
    """
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return time.time_ns() - time.monotonic_ns()


@dataclass
class Parts:
    """What a session is made of; ``journal`` and ``view`` may be absent."""

    engine: Engine
    source: Source
    sound: Sound
    journal: Journal | None
    view: View | None
    duration_ns: int | None


class InboxSource:
    """The source of a session whose facts come from elsewhere: other threads fill the inbox.

    It never has anything due itself, and it doesn't end; somebody stops the session, or its time
    is over.
    """

    def next_at_ns(self) -> int:
        """Say that nothing is due here."""
        return NEVER_NS

    def take(self) -> Input:
        """Refuse: nothing is due here.

        Raises:
            LookupError: Always.
        """
        raise LookupError("what comes from elsewhere is in the inbox")

    def hear(self, orders: Sequence[Output]) -> None:
        """Ignore the music: real people have ears."""


def make_engine(settings: Settings, profiles: Sequence[Profile] | None = None) -> Engine:
    """Build an engine that knows all wearables, or just the given ones (a trace's)."""
    known = list_profiles() if profiles is None else profiles
    return Engine(settings, {profile.name: profile for profile in known})


def run_session(parts: Parts, stopwatch: Stopwatch, inbox: queue.SimpleQueue[Input]) -> None:
    """Run until the source ends, the duration is over or somebody says stop; then fade.

    The caller closes sound and journal: it wants their summaries.
    """
    loop = _Loop(parts, stopwatch, inbox)
    with contextlib.nullcontext() if stopwatch.fast else _in_a_hurry():
        loop.give(CommandGiven(at_ns=stopwatch.origin_ns, command="start"))
        loop.run()
    loop.give(CommandGiven(at_ns=loop.now_ns(), command="stop"))
    if not stopwatch.fast:
        time.sleep(STOP_FADE_NS / NS_PER_S)
    parts.sound.advance(loop.now_ns() + STOP_FADE_NS)


@contextlib.contextmanager
def _in_a_hurry() -> Generator[None]:
    """Let no other thread and no collection of garbage hold up the loop for milliseconds.

    A thread that computes gives way after 5 ms by default, and what was built at the start would
    be looked through again and again.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(GIVE_WAY_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before_s)


class _Loop:
    def __init__(self, parts: Parts, stopwatch: Stopwatch, inbox: queue.SimpleQueue[Input]) -> None:
        self._parts = parts
        self._stopwatch = stopwatch
        self._inbox = inbox
        self._given_ns = stopwatch.origin_ns
        self._stopped = False
        self._has_caught_up = False

    def now_ns(self) -> int:
        return self._given_ns if self._stopwatch.fast else self._stopwatch.now_ns()

    def run(self) -> None:
        end_ns = NEVER_NS
        if self._parts.duration_ns is not None:
            end_ns = self._stopwatch.origin_ns + self._parts.duration_ns
        while not self._stopped:
            due_ns, from_source = self._next_due()
            if due_ns is None:
                return
            if due_ns >= end_ns:
                if self._wait_until(end_ns):
                    self._given_ns = max(self._given_ns, end_ns)
                    return
            elif self._wait_until(due_ns):
                self.give(self._take_due(due_ns, from_source=from_source))
                self._take_reports()

    def give(self, message: Input) -> None:
        """Hand a message to the engine, and its answers to everyone."""
        parts = self._parts
        self._given_ns = max(self._given_ns, message.at_ns)
        outputs = parts.engine.handle(message)
        orders: list[SoundOrder] = []
        for output in outputs:
            if isinstance(output, (PlayNote, SteerSound, StretchSong, StopSound)):
                orders.append(output)
                self._stopped = self._stopped or isinstance(output, StopSound)
        parts.sound.send(orders)
        if parts.journal is not None:
            parts.journal.record(message)
            for output in outputs:
                parts.journal.record(output)
        parts.source.hear(self._heard(outputs))
        parts.sound.advance(self._given_ns)
        if parts.view is not None:
            parts.view.see(message, outputs)

    def _heard(self, outputs: Sequence[Output]) -> list[Output]:
        """What a person hears and is asked, on the source's own clock."""
        origin_ns = self._stopwatch.origin_ns
        heard: list[Output] = [output for output in outputs if isinstance(output, HEARD)]
        if origin_ns == 0:
            return heard
        return [_shift(output, origin_ns) for output in heard]

    def _take_reports(self) -> None:
        # A file has no time of its own: its reports would differ from run to run.
        if self._stopwatch.fast:
            return
        for report in self._parts.sound.take_reports():
            self.give(msgspec.structs.replace(report, at_ns=self.now_ns()))

    def _next_due(self) -> tuple[int | None, bool]:
        """When something is due, and whether it is the source's message; None at the end."""
        source_ns = self._parts.source.next_at_ns()
        if source_ns is None:
            return None, False
        source_ns += self._stopwatch.origin_ns
        step_ns = self._parts.engine.next_wakeup_ns()
        return (source_ns, True) if source_ns <= step_ns else (step_ns, False)

    def _take_due(self, due_ns: int, *, from_source: bool) -> Input:
        if not from_source:
            return TimePassed(at_ns=due_ns)
        message = self._parts.source.take()
        return msgspec.structs.replace(message, at_ns=message.at_ns + self._stopwatch.origin_ns)

    def _wait_until(self, due_ns: int) -> bool:
        """Wait; False when something came first and was given, so that due times changed."""
        if self._stopwatch.fast:
            if self._inbox.empty():
                return True
            self.give(_stamped(self._inbox.get(), self._given_ns))
            return False
        self._check_clocks(due_ns)
        # Also a loop that is late looks: what has arrived before goes first.
        wait_ns = max(0, due_ns - self._stopwatch.now_ns())
        try:
            message = self._inbox.get(timeout=wait_ns / NS_PER_S)
        except queue.Empty:
            return True
        self.give(_stamped(message, self._stopwatch.now_ns()))
        return False

    def _check_clocks(self, due_ns: int) -> None:
        now_ns = self._stopwatch.now_ns()
        late_ns = now_ns - due_ns
        slept_ns = self._stopwatch.slept_ns()
        if late_ns <= 0:
            self._has_caught_up = True
        # Late ones that follow a late one belong to it; and a start may be slow.
        stalled = late_ns > LATE_TICK_NS and self._has_caught_up
        if stalled or slept_ns > SLEPT_NS:
            self._has_caught_up = False
            self.give(ClockJumped(at_ns=now_ns, jump_s=max(late_ns, slept_ns) / NS_PER_S))


def _shift(output: Output, origin_ns: int) -> Output:
    """Count the time of an output from the source's own origin."""
    at_ns = output.at_ns - origin_ns
    if isinstance(output, PlayNote):
        return msgspec.structs.replace(output, at_ns=at_ns, start_ns=output.start_ns - origin_ns)
    return msgspec.structs.replace(output, at_ns=at_ns)


def _stamped(message: Input, now_ns: int) -> Input:
    """Stamp what a person says; a fact has its stamp."""
    if isinstance(message, SAID):
        return msgspec.structs.replace(message, at_ns=now_ns)
    return message
