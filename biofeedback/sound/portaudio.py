"""The sound device: PortAudio asks for blocks, at the rate and with the channels that it has."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_S
from biofeedback.sound.device import find_device, load_sounddevice
from biofeedback.sound.priority import prefer_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.sound.settings import SoundSettings

_log = logging.getLogger(__name__)

# What devices call "low" (9 ms at 128 frames) ran dry on a busy machine, and 20 ms did, too.
LATENCY_S = 0.03


class Player(Protocol):
    """What fills the blocks (``LivePlayer``, ``Playback``)."""

    failure: BaseException | None

    def render(
        self, out: NDArray[np.float32], *, now_ns: int, latency_ns: int, underflow: bool
    ) -> None:
        """Fill ``out``, shape (frames, 1 or 2), that is heard ``latency_ns`` after ``now_ns``."""
        ...


class PortAudioOutput:
    """The default output, or the one whose name contains ``settings.device``.

    It is opened at ``rate_hz`` if it can, else at its own rate; in mono if it has one channel only.
    """

    def __init__(
        self,
        settings: SoundSettings,
        *,
        rate_hz: int | None = None,
        latency_s: float = LATENCY_S,
    ) -> None:
        self._library = sounddevice = load_sounddevice()
        self._frames = settings.block_frames
        self._device = settings.device
        self._latency_s = latency_s
        self._stream: Any = None
        try:
            self._choose(rate_hz or settings.sample_rate_hz)
        except SoundError:
            self._forget_devices()
            raise
        except (sounddevice.PortAudioError, ValueError) as error:
            self._forget_devices()
            raise SoundError(
                f"the sound device can't be used ({error}); choose another, or render to a file"
            ) from error

    def start(self, player: Player) -> None:
        """Open the device and begin to call the player."""
        sounddevice = self._library
        begun = False

        def call(out: NDArray[np.float32], _frames: int, times: Any, status: Any) -> None:
            nonlocal begun
            now_ns = time.monotonic_ns()
            if not begun:
                begun = True
                prefer_thread()
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
                channels=self.channels,
                dtype="float32",
                latency=self._latency_s,
                callback=call,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            self.close()
            raise SoundError(
                f"the sound device {self.name} can't be opened ({error}); choose another"
            ) from error

    def is_running(self) -> bool:
        """Tell whether the stream is active."""
        return self._stream is not None and bool(self._stream.active)

    def close(self) -> None:
        """Stop; another output finds what there is then."""
        if self._stream is not None:
            try:
                self._stream.close(ignore_errors=True)
            finally:
                self._stream = None
        self._forget_devices()

    def _forget_devices(self) -> None:
        """Forget what PortAudio knew of devices: it sees new ones only when loaded."""
        try:
            self._library._terminate()  # noqa: SLF001 - the library's documented way to look again
            self._library._initialize()  # noqa: SLF001 - same
        except self._library.PortAudioError as error:
            _log.warning("sound: PortAudio can't be loaded again: %s", error)

    def _choose(self, wanted_hz: int) -> None:
        """Find a rate and a number of channels that the device takes."""
        if self._device is None and (problem := find_device().problem) is not None:
            raise SoundError(problem)
        found = self._library.query_devices(self._device, kind="output")
        self.name = str(found["name"])
        for channels in (2, 1):
            for rate_hz in (wanted_hz, round(found["default_samplerate"])):
                try:
                    self._library.check_output_settings(
                        device=self._device, channels=channels, dtype="float32", samplerate=rate_hz
                    )
                except self._library.PortAudioError:
                    continue
                self.rate_hz, self.channels = rate_hz, channels
                return
        raise SoundError(
            f"the sound device {self.name} can't play at {wanted_hz} Hz nor at its own rate; "
            "choose another"
        )
