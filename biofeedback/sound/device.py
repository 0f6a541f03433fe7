"""Is there something to play on, and if not, why not.

Asking is a risk: a broken driver can end the process that asks. So a process of its own asks.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from biofeedback.errors import SoundError

_ASK_WITHIN_S = 15.0
_INSTALL_PORTAUDIO = (
    "the system library PortAudio is missing; install it with: sudo apt-get install libportaudio2 "
    "(Fedora: sudo dnf install portaudio; macOS and Windows bring it along)"
)


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The default output's name, or why there is none."""

    name: str | None = None
    problem: str | None = None


def default_output_device() -> str | None:
    """Return the name of the default output device, None when nothing can be played."""
    return ask_for_device().name


def why_no_sound() -> str | None:
    """Say in one line why nothing can be played and what to do; None when something can."""
    return ask_for_device().problem


def ask_for_device() -> DeviceAnswer:
    """Ask in a process of its own, so that a crash of the driver costs an answer only."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "biofeedback.sound.device"],
            capture_output=True,
            timeout=_ASK_WITHIN_S,
            check=False,
            env=child_environment(),
        )
        if done.returncode == 0:
            return msgspec.json.decode(done.stdout, type=DeviceAnswer)
        return DeviceAnswer(
            problem=f"the sound driver crashed (exit status {done.returncode}); "
            "check the system's sound settings, or render to a file"
        )
    except subprocess.TimeoutExpired:
        return DeviceAnswer(
            problem="the sound system doesn't answer; restart it, or render to a file"
        )
    except (OSError, msgspec.MsgspecError) as error:
        return DeviceAnswer(
            problem=f"asking the sound system failed ({error}); render to a file instead"
        )


def load_sounddevice() -> Any:
    """Load the library, which has no types.

    Raises:
        SoundError: The library, or the PortAudio it needs, is missing.
    """
    try:
        return importlib.import_module("sounddevice")
    except OSError as error:
        raise SoundError(_INSTALL_PORTAUDIO) from error
    except ImportError as error:
        raise SoundError(
            "the library sounddevice is missing; install it with: pip install sounddevice"
        ) from error


def find_device() -> DeviceAnswer:
    """Look for the default output, in this process."""
    try:
        sounddevice = load_sounddevice()
    except SoundError as error:
        return DeviceAnswer(problem=str(error))
    try:
        found = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError):
        return DeviceAnswer(
            problem="there is no sound output device; connect one, or render to a file"
        )
    return DeviceAnswer(name=str(found["name"]))


def child_environment() -> dict[str, str]:
    """Return an environment in which a child finds this package, wherever it lies."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root,
        # matrices are small here: numpy's pool of threads would only be started, and be in the way
        "OPENBLAS_NUM_THREADS": "1",
    }


def main() -> None:
    """Answer on stdout; what drivers print there goes to stderr."""
    out = os.dup(1)
    os.dup2(2, 1)
    os.write(out, msgspec.json.encode(find_device()))


if __name__ == "__main__":
    main()
