"""How late is the sound heard? Play short chirps, listen with the microphone, compare.

What a device says of its own latency is left out here: live sound takes that into account already.
What is found is what lies behind it, as wireless headphones do; it belongs into a plan as
``output_delay_ms``. The microphone has to hear the speaker (hold a headphone to it).

Asking is a risk, as with any driver: a process of its own measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from biofeedback.errors import SoundError
from biofeedback.sound.device import child_environment, load_sounddevice

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE_HZ = 48_000
_CHIRPS = 8
_CHIRP_S = 0.03
_CHIRP_HZ = (900.0, 5200.0)
_LEVEL = 0.12
_PAUSE_S = (0.55, 0.75)
_LONGEST_S = 0.5
_EARLIEST_S = 0.03  # what a device says of itself may be too much
_SETTLE_S = 0.6
_CLEAR = 10.0  # times the usual correlation; noise alone reaches 6
_AGREE_MS = 4.0
_ANSWER_WITHIN_S = 40.0


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """How late sound is heard behind the device, or why that isn't known.

    ``spread_ms`` is how far single chirps were from ``delay_ms``; ``device_ms`` is what the device
    says of itself.
    """

    delay_ms: float | None = None
    spread_ms: float | None = None
    device_ms: float | None = None
    problem: str | None = None


def measure_delay() -> Delay:
    """Play and listen for seven seconds; takes the default output and the default input."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "biofeedback.sound.loopback"],
            capture_output=True,
            timeout=_ANSWER_WITHIN_S,
            check=False,
            env=child_environment(),
        )
        return msgspec.json.decode(done.stdout, type=Delay)
    except subprocess.TimeoutExpired:
        return Delay(problem="the sound system doesn't answer; restart it")
    except (OSError, msgspec.MsgspecError):
        return Delay(problem="the sound driver failed while measuring; check the sound settings")


def make_chirp(rate_hz: int) -> NDArray[np.float64]:
    """Return one chirp, shape (frames,)."""
    t = np.arange(round(_CHIRP_S * rate_hz)) / rate_hz
    low_hz, high_hz = _CHIRP_HZ
    phase = 2.0 * np.pi * (low_hz * t + (high_hz - low_hz) / (2.0 * _CHIRP_S) * t * t)
    return np.sin(phase) * np.hanning(len(t))


def find_delays(
    heard: NDArray[np.float64], played_frames: NDArray[np.int64], *, rate_hz: int
) -> NDArray[np.float64]:
    """Return the delay of each chirp that was clearly heard, in frames.

    Args:
        heard: What the microphone took, shape (n,).
        played_frames: Where each chirp would be in it without any delay, ascending.
        rate_hz: Samples a second.
    """
    chirp = make_chirp(rate_hz)
    size = 1 << (len(heard) + len(chirp)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(chirp, size)), size)
    strength = np.abs(match)
    usual = float(np.median(strength[: len(heard)])) + 1e-12
    delays: list[float] = []
    for frame in played_frames:
        first = max(0, int(frame) - round(_EARLIEST_S * rate_hz))
        window = strength[first : int(frame) + round(_LONGEST_S * rate_hz)]
        if len(window) == 0:
            continue
        best = int(np.argmax(window))
        if window[best] > _CLEAR * usual:
            delays.append(float(first + best - frame))
    return np.array(delays)


def judge(delays_ms: NDArray[np.float64], *, device_ms: float) -> Delay:
    """Say what the chirps agree on, or why nothing is known."""
    if len(delays_ms) < _CHIRPS // 2:
        return Delay(
            device_ms=device_ms,
            problem="the microphone didn't hear the chirps; bring it nearer, or turn the volume up",
        )
    middle = float(np.median(delays_ms))
    near = np.abs(delays_ms - middle)
    if np.sort(near)[_CHIRPS // 2 - 1] > _AGREE_MS:
        return Delay(
            device_ms=device_ms,
            problem="the chirps were heard at times that don't agree; measure in a quieter room",
        )
    return Delay(
        delay_ms=round(middle, 1),
        spread_ms=round(float(np.percentile(near, 90)), 1),
        device_ms=round(device_ms, 1),
    )


class _Measurement:
    """One stream that plays and listens; both ends are stamped by the device."""

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        pauses_s = _SETTLE_S + np.cumsum(random.uniform(*_PAUSE_S, _CHIRPS))
        self._starts = np.round(pauses_s * _RATE_HZ).astype(np.int64)
        frames = int(self._starts[-1]) + round((_LONGEST_S + 0.2) * _RATE_HZ)
        self._out = np.zeros(frames)
        chirp = _LEVEL * make_chirp(_RATE_HZ)
        for start in self._starts:
            self._out[start : start + len(chirp)] = chirp
        self._in = np.zeros(frames)
        self._at = 0
        self._shifts_s: list[float] = []
        self._done = threading.Event()

    def run(self, sounddevice: Any) -> Delay:
        """Play, listen and judge."""
        with sounddevice.Stream(
            samplerate=_RATE_HZ, channels=(1, 2), dtype="float32", callback=self._call
        ) as stream:
            self._done.wait(timeout=len(self._out) / _RATE_HZ + 5.0)
            device_ms = 1000.0 * float(stream.latency[1])
        # the microphone's sample number i was in the air when output sample i + shift was, if there
        # were nothing behind the device
        shift = float(np.median(self._shifts_s)) * _RATE_HZ if self._shifts_s else 0.0
        places = np.maximum(self._starts + round(shift), 0)
        delays = find_delays(self._in, places, rate_hz=_RATE_HZ)
        return judge(delays / _RATE_HZ * 1000.0, device_ms=device_ms)

    def _call(
        self,
        taken: NDArray[np.float32],
        out: NDArray[np.float32],
        frames: int,
        times: Any,
        _status: Any,
    ) -> None:
        at, take = self._at, min(frames, len(self._out) - self._at)
        out.fill(0.0)
        out[:take] = self._out[at : at + take, None]
        self._in[at : at + take] = taken[:take, 0]
        if times.inputBufferAdcTime > 0.0 and times.outputBufferDacTime > 0.0:
            self._shifts_s.append(times.outputBufferDacTime - times.inputBufferAdcTime)
        self._at = at + take
        if self._at >= len(self._out):
            self._done.set()


def _measure_here() -> Delay:
    try:
        sounddevice = load_sounddevice()
    except SoundError as error:
        return Delay(problem=str(error))
    for kind, name in (("output", "a sound output"), ("input", "a microphone")):
        try:
            sounddevice.query_devices(kind=kind)
        except (sounddevice.PortAudioError, ValueError):
            return Delay(problem=f"there is no {name.removeprefix('a ')} here; connect one")
    try:
        return _Measurement().run(sounddevice)
    except (sounddevice.PortAudioError, ValueError) as error:
        return Delay(problem=f"the sound device can't play and listen at once ({error})")


def main() -> None:
    """Measure and answer on stdout; what drivers print there goes to stderr."""
    out = os.dup(1)
    os.dup2(2, 1)
    os.write(out, msgspec.json.encode(_measure_here()))


if __name__ == "__main__":
    main()
