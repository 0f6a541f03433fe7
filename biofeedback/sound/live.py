"""Play on the sound device: it asks for a block, the performer renders it.

* The callback does all: takes what has arrived, renders, hands over. No other thread is needed
  between an order and the ear.
* The main thread looks in just after a block, when the callback has time. At any other moment it
  might hold the interpreter's lock when the next block is due, and a busy machine might keep it
  from letting go for 4 ms.
* After a stall nothing old is played, and the sound fades in (F66). A device that has gone is
  looked for again each second, and the sound comes back at -20 dB and fades in (F61).
* A device that wants a rate of its own gets it, resampled where the synthesis doesn't run at it
  (F63, F64).
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import msgspec

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_MS, NS_PER_S, PlayNote
from biofeedback.sound.clock import FrameClock, ReachClock
from biofeedback.sound.frames import Advance, Ended, Finish, Open, Ready
from biofeedback.sound.performer import Performer
from biofeedback.sound.portaudio import PortAudioOutput
from biofeedback.sound.reporter import Reporter
from biofeedback.sound.resampler import Resampler
from biofeedback.sound.song_files import open_songs

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.sound.frames import FromChild, ToChild
    from biofeedback.sound.inbox import Inbox
    from biofeedback.sound.settings import SoundSettings

_STALL_NS = 400 * NS_PER_MS
# A stream that has ended says so. One that is active and calls nobody is mostly a sound server that
# has to catch up after an underrun, and does within 2 s: opening it again would cost as much.
_LOST_AFTER_S = 2.5
_LATENCY_AFTER_LOSS_S = 0.08
_RETURN_GAIN = 0.1  # -20 dB
_POLL_S = 0.05
_LOOK_S = 0.25
_FINISH_FADE_S = 0.25
_SYNTHESIS_HZ = (44_100, 96_000)  # lowest and highest rate that the instruments are made for

_log = logging.getLogger(__name__)


class Writer(Protocol):
    """Where reports go."""

    def send(self, message: FromChild) -> None:
        """Send one message."""
        ...


class Orders(Protocol):
    """Where orders come from (``Inbox``)."""

    ended: bool

    def take(self) -> list[ToChild]:
        """Return what has come since the last call, at once."""
        ...


class Output(Protocol):
    """A sound device (``PortAudioOutput``)."""

    rate_hz: int
    channels: int
    name: str

    def start(self, player: LivePlayer) -> None:
        """Begin to call the player."""
        ...

    def is_running(self) -> bool:
        """Tell whether the device still calls."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


class LivePlayer:
    """Render what the device asks for."""

    def __init__(self, performer: Performer, orders: Orders, *, rate_hz: int) -> None:
        self.performer = performer
        self.xruns = 0
        self.latency_ns = 0
        self.last_call_ns = 0
        self.failure: BaseException | None = None
        self.finished = False
        self._orders = orders
        self._look = threading.Event()
        self._look_frame = 0
        self._orphaned = False
        self._rate_hz = rate_hz
        self._clock = FrameClock(rate_hz=rate_hz)
        self._reach = ReachClock()
        self._resampler: Resampler | None = None
        self._delay_ns = performer.delay_frames * NS_PER_S // rate_hz

    def use_rate(self, device_hz: int) -> None:
        """Render for a device that plays at ``device_hz`` from now on."""
        same = device_hz == self._rate_hz
        self._resampler = None if same else Resampler(from_hz=self._rate_hz, to_hz=device_hz)
        late = 0 if self._resampler is None else self._resampler.delay_frames
        self._delay_ns = (self.performer.delay_frames + late) * NS_PER_S // self._rate_hz

    def render(
        self, out: NDArray[np.float32], *, now_ns: int, latency_ns: int, underflow: bool
    ) -> None:
        """Fill ``out``, shape (frames, 1 or 2), that is heard ``latency_ns`` after ``now_ns``."""
        before_ns, self.last_call_ns = self.last_call_ns, now_ns
        gap_ns = now_ns - before_ns if before_ns else 0
        self.xruns += underflow
        self.latency_ns = latency_ns
        performer = self.performer
        waiting = 0 if self._resampler is None else self._resampler.waiting_frames
        heard_ns = now_ns + latency_ns + self._delay_ns + waiting * NS_PER_S // self._rate_hz
        jumped = self._clock.update(heard_ns=heard_ns, frame=performer.rendered_frames)
        performer.origin_ns = self._clock.origin_ns
        performer.clock_error_ns = self._clock.error_ns
        if before_ns:
            first_ns = heard_ns - self._clock.error_ns
            self._reach.update(asked_before_ns=before_ns, heard_ns=first_ns)
        if gap_ns > _STALL_NS and (jumped or gap_ns > 2 * _STALL_NS):
            performer.resume(gain=0.0)
        self.take_orders()
        if self._resampler is None:
            block = performer.render()
        else:
            block = self._resampler.pull(len(out), performer.render)
        out[:] = block if out.shape[1] == block.shape[1] else block.mean(axis=1, keepdims=True)
        if performer.rendered_frames >= self._look_frame:
            self._look_frame = performer.rendered_frames + round(_LOOK_S * self._rate_hz)
            self._look.set()

    def take_orders(self) -> None:
        """Obey what has arrived."""
        for order in self._orders.take():
            if isinstance(order, Finish):
                self.finished = True
                self._look.set()
            elif isinstance(order, PlayNote):
                self.performer.obey(self._time_gesture(order))
            elif not isinstance(order, Open | Advance):
                self.performer.obey(order)
        if self._orders.ended and not self.finished:
            self._orphaned = True
            self.performer.abandon()

    def wait(self, seconds: float) -> None:
        """Return just after a block, a few times a second; or when too many seconds are over."""
        self._look.wait(seconds)
        self._look.clear()

    @property
    def orphaned(self) -> bool:
        """Whether nobody can give orders any more."""
        return self._orphaned

    def come_back(self) -> None:
        """Prepare for a new device: new clocks, and a quiet entry."""
        self._clock = FrameClock(rate_hz=self._rate_hz)
        self._reach = ReachClock()
        self.last_call_ns = 0
        self.performer.resume(gain=_RETURN_GAIN)

    def _time_gesture(self, note: PlayNote) -> PlayNote:
        """Give a note that answers a gesture the time that it can always keep."""
        if note.tick is not None or note.start_ns > note.at_ns:
            return note
        return msgspec.structs.replace(note, start_ns=note.at_ns + self._reach.reach_ns)


def play_live(
    opening: Open,
    inbox: Inbox,
    writer: Writer,
    *,
    open_output: Callable[..., Output] = PortAudioOutput,
) -> None:
    """Play until the orders end, then leave: at once after ``Finish``, slowly when orphaned."""
    settings = opening.settings
    # Asking the sound system takes as long as loading pyo, and mostly waits.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="device") as waiting:
        asked = waiting.submit(open_output, settings)
        from biofeedback.sound.synthesis import Synthesis  # noqa: PLC0415 - pyo loads only here

        output: Output | None = asked.result()
    lowest_hz, highest_hz = _SYNTHESIS_HZ
    native = lowest_hz <= output.rate_hz <= highest_hz
    rate_hz = output.rate_hz if native else settings.sample_rate_hz
    performer = Performer(
        Synthesis(settings.orchestra, rate_hz=rate_hz, frames=settings.block_frames),
        rate_hz=rate_hz,
        frames=settings.block_frames,
        origin_ns=opening.origin_ns,
        target_lufs=settings.target_lufs,
        song=open_songs(settings, rate_hz=rate_hz),
    )
    player = LivePlayer(performer, inbox, rate_hz=rate_hz)
    player.use_rate(output.rate_hz)
    reporter = Reporter(performer, rate_hz=rate_hz, every_s=settings.report_every_s)
    gc.collect()
    gc.freeze()
    inbox.start_polling()
    output.start(player)
    writer.send(Ready(output=output.name))
    restarts = 0
    opened_ns = time.monotonic_ns()
    retry_at_s = 0.0
    while not player.finished:
        player.wait(_POLL_S if output is None else 2.0 * _LOOK_S)
        if player.failure is not None:
            raise SoundError(f"rendering failed: {player.failure!r}") from player.failure
        # Without a device nothing is heard that would have to fade.
        if player.orphaned and (output is None or performer.silent):
            break
        now_ns = time.monotonic_ns()
        report = reporter.poll(at_ns=now_ns, xruns=player.xruns)
        if report is not None:
            writer.send(report)
            gc.collect(0)
        silent_s = (now_ns - max(player.last_call_ns, opened_ns)) / NS_PER_S
        if output is not None and (not output.is_running() or silent_s > _LOST_AFTER_S):
            _log.warning("sound: the device is gone")
            output.close()
            output = None
        if output is None:
            player.take_orders()
            if now_ns / NS_PER_S >= retry_at_s:
                retry_at_s = now_ns / NS_PER_S + 1.0
                output = _try_again(open_output, settings, rate_hz, player)
                if output is not None:
                    restarts += 1
                    opened_ns = time.monotonic_ns()
    _leave(performer, output)
    writer.send(reporter.report(at_ns=time.monotonic_ns(), xruns=player.xruns))
    writer.send(
        Ended(
            summary=reporter.summarise(
                seconds=performer.rendered_frames / rate_hz,
                xruns=player.xruns,
                restarts=restarts,
                output_latency_ms=player.latency_ns / NS_PER_MS,
            )
        )
    )


def _try_again(
    open_output: Callable[..., Output], settings: SoundSettings, rate_hz: int, player: LivePlayer
) -> Output | None:
    try:
        # what has failed once may have been too tight: the device gets a larger buffer
        output = open_output(settings, rate_hz=rate_hz, latency_s=_LATENCY_AFTER_LOSS_S)
        if output.rate_hz != rate_hz:
            _log.warning("sound: %s plays at %d Hz", output.name, output.rate_hz)
        player.use_rate(output.rate_hz)
        player.come_back()
        output.start(player)
    except SoundError as error:
        _log.info("sound: still no device: %s", error)
        return None
    return output


def _leave(performer: Performer, output: Output | None) -> None:
    """Fade shortly and let the device go."""
    if output is None:
        return
    performer.fade_out(seconds=_FINISH_FADE_S)
    until_s = time.monotonic() + 2.0 * _FINISH_FADE_S
    while not performer.silent and time.monotonic() < until_s and output.is_running():
        time.sleep(_POLL_S / 5.0)
    output.close()
