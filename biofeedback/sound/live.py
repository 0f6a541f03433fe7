"""Play on the sound device: PortAudio asks for a block, the performer renders it.

* The callback does all: takes what has arrived, renders, hands over. One thread only moves bytes.
* The clock: each callback says when its block will be heard. The difference to our frame count,
  smoothed, turns host time into frames; a jump of it is a stall or another device.
* After a stall nothing old is played, and the sound fades in (F66). A device that has gone is
  looked for again each second, and the sound comes back at -20 dB and fades in (F61).
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_MS, NS_PER_S
from biofeedback.sound.device import find_device, load_sounddevice
from biofeedback.sound.frames import Advance, Ended, Finish, Open, Ready
from biofeedback.sound.performer import Performer
from biofeedback.sound.reporter import Reporter
from biofeedback.sound.song_files import open_songs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.sound.frames import FromChild, ToChild
    from biofeedback.sound.settings import SoundSettings

_STALL_NS = 400 * NS_PER_MS
_JUMP_NS = 60 * NS_PER_MS
_SMOOTHING = 0.01
# A stream that has ended says so. One that is active and calls nobody is mostly a sound server that
# has to catch up after an underrun, and does within 2 s: opening it again would cost as much.
_LOST_AFTER_S = 2.5
# What devices call "low" (9 ms at 128 frames) ran dry on a busy machine, and 20 ms did, too.
_LATENCY_S = 0.03
_LATENCY_AFTER_LOSS_S = 0.08
_RETURN_GAIN = 0.1  # -20 dB
_POLL_S = 0.05
_FINISH_FADE_S = 0.25

_log = logging.getLogger(__name__)


class Writer(Protocol):
    """Where reports go."""

    def send(self, message: FromChild) -> None:
        """Send one message."""
        ...


class FrameClock:
    """Host time of frame 0, from what each callback says of its block."""

    def __init__(self, *, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._blocks = 0
        self.origin_ns = 0
        self.error_ns = 0

    def update(self, *, heard_ns: int, frame: int) -> bool:
        """Take that ``frame`` will be heard at ``heard_ns``; return True when time has jumped."""
        said_ns = heard_ns - frame * NS_PER_S // self._rate_hz
        self._blocks += 1
        difference = said_ns - self.origin_ns
        if self._blocks == 1 or abs(difference) > _JUMP_NS:
            jumped = self._blocks > 1
            self._blocks = 1
            self.origin_ns, self.error_ns = said_ns, 0
            return jumped
        share = max(_SMOOTHING, 1.0 / self._blocks)
        self.origin_ns += round(difference * share)
        self.error_ns = said_ns - self.origin_ns
        return False


class LivePlayer:
    """Render what PortAudio asks for."""

    def __init__(self, performer: Performer, *, rate_hz: int, frames: int) -> None:
        self.performer = performer
        self.inbox: deque[ToChild] = deque()
        self.orphaned = False
        self.xruns = 0
        self.latency_ns = 0
        self.last_call_ns = 0
        self.failure: BaseException | None = None
        self._clock = FrameClock(rate_hz=rate_hz)
        self._frames = frames
        self._block_ns = frames * NS_PER_S // rate_hz
        self._delay_ns = performer.delay_frames * NS_PER_S // rate_hz

    def render(
        self, out: NDArray[np.float32], *, now_ns: int, latency_ns: int, underflow: bool
    ) -> None:
        """Fill ``out``, shape (frames, 2), that will be heard ``latency_ns`` after ``now_ns``."""
        gap_ns = now_ns - self.last_call_ns if self.last_call_ns else 0
        self.last_call_ns = now_ns
        self.xruns += underflow
        self.latency_ns = latency_ns
        performer = self.performer
        heard_ns = now_ns + latency_ns + self._delay_ns
        jumped = self._clock.update(heard_ns=heard_ns, frame=performer.rendered_frames)
        performer.origin_ns = self._clock.origin_ns
        performer.clock_error_ns = self._clock.error_ns
        if gap_ns > _STALL_NS and (jumped or gap_ns > 2 * _STALL_NS):
            performer.resume(gain=0.0)
        while self.inbox:
            message = self.inbox.popleft()
            if not isinstance(message, Open | Advance | Finish):
                performer.obey(message)
        if self.orphaned:
            performer.abandon()
        out[:] = performer.render()

    def come_back(self) -> None:
        """Prepare for a new device: a new clock, and a quiet entry."""
        self._clock = FrameClock(rate_hz=self._clock_rate_hz())
        self.last_call_ns = 0
        self.performer.resume(gain=_RETURN_GAIN)

    def _clock_rate_hz(self) -> int:
        return self._frames * NS_PER_S // self._block_ns


class Output(Protocol):
    """A running sound device."""

    rate_hz: int
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


class PortAudioOutput:
    """The default output, or the one whose name contains ``settings.device``."""

    def __init__(
        self,
        settings: SoundSettings,
        *,
        rate_hz: int | None = None,
        latency: str | float = _LATENCY_S,
    ) -> None:
        if settings.device is None and (problem := find_device().problem) is not None:
            raise SoundError(problem)
        sounddevice = load_sounddevice()
        self._library = sounddevice
        self._frames = settings.block_frames
        self._device = settings.device
        self._latency = latency
        self._stream: Any = None
        try:
            self.name, self.rate_hz = self._choose(settings, rate_hz)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SoundError(
                f"the sound device can't be used ({error}); choose another, or render to a file"
            ) from error

    def start(self, player: LivePlayer) -> None:
        """Open the device and begin to call the player."""
        sounddevice = self._library

        def call(out: NDArray[np.float32], _frames: int, times: Any, status: Any) -> None:
            now_ns = time.monotonic_ns()
            ahead_s = times.outputBufferDacTime - times.currentTime
            if not 0.0 < ahead_s < 2.0:
                ahead_s = self._stream.latency if self._stream is not None else 0.0
            try:
                player.render(
                    out,
                    now_ns=now_ns,
                    latency_ns=round(ahead_s * NS_PER_S),
                    underflow=bool(status.output_underflow),
                )
            except BaseException as error:
                player.failure = error
                out.fill(0.0)
                raise sounddevice.CallbackAbort from error

        try:
            self._stream = sounddevice.OutputStream(
                samplerate=self.rate_hz,
                blocksize=self._frames,
                device=self._device,
                channels=2,
                dtype="float32",
                latency=self._latency,
                callback=call,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise SoundError(
                f"the sound device {self.name} can't be opened ({error}); choose another"
            ) from error

    def is_running(self) -> bool:
        """Tell whether the stream is active."""
        return self._stream is not None and bool(self._stream.active)

    def close(self) -> None:
        """Stop, and forget what PortAudio knew of devices: it sees new ones only when loaded."""
        if self._stream is not None:
            try:
                self._stream.close(ignore_errors=True)
            finally:
                self._stream = None
        self._library._terminate()  # noqa: SLF001 - the library's documented way to look again
        self._library._initialize()  # noqa: SLF001 - same

    def _choose(self, settings: SoundSettings, rate_hz: int | None) -> tuple[str, int]:
        found = self._library.query_devices(settings.device, kind="output")
        for rate in (rate_hz or settings.sample_rate_hz, round(found["default_samplerate"])):
            try:
                self._library.check_output_settings(
                    device=settings.device, channels=2, dtype="float32", samplerate=rate
                )
            except self._library.PortAudioError:
                continue
            return str(found["name"]), rate
        raise SoundError(
            f"the sound device {found['name']} can't play stereo at "
            f"{settings.sample_rate_hz} Hz nor at its own rate; choose another"
        )


def play_live(
    opening: Open,
    messages: Iterator[ToChild],
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
    rate_hz = output.rate_hz
    performer = Performer(
        Synthesis(settings.orchestra, rate_hz=rate_hz, frames=settings.block_frames),
        rate_hz=rate_hz,
        frames=settings.block_frames,
        origin_ns=opening.origin_ns,
        target_lufs=settings.target_lufs,
        song=open_songs(settings, rate_hz=rate_hz),
    )
    player = LivePlayer(performer, rate_hz=rate_hz, frames=settings.block_frames)
    reporter = Reporter(performer, rate_hz=rate_hz, every_s=settings.report_every_s)
    finished = threading.Event()
    reader = threading.Thread(
        target=_collect, args=(messages, player, finished), name="orders", daemon=True
    )
    gc.collect()
    gc.freeze()
    output.start(player)
    writer.send(Ready(output=output.name))
    reader.start()
    restarts = 0
    opened_ns = time.monotonic_ns()
    retry_at_s = 0.0
    while not finished.wait(_POLL_S):
        if player.failure is not None:
            raise SoundError(f"rendering failed: {player.failure!r}") from player.failure
        if performer.silent and player.orphaned:
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
        if output is None and now_ns / NS_PER_S >= retry_at_s:
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


def _collect(messages: Iterator[ToChild], player: LivePlayer, finished: threading.Event) -> None:
    """Move what arrives into the inbox; nothing here computes."""
    for message in messages:
        if isinstance(message, Finish):
            finished.set()
            return
        player.inbox.append(message)
    player.orphaned = True


def _try_again(
    open_output: Callable[..., Output], settings: SoundSettings, rate_hz: int, player: LivePlayer
) -> Output | None:
    try:
        # what has failed once may have been too tight: the device gets a larger buffer
        output = open_output(settings, rate_hz=rate_hz, latency=_LATENCY_AFTER_LOSS_S)
        if output.rate_hz != rate_hz:
            output.close()
            return None
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
