"""Sound: orders in, audio out. The only place that knows pyo and the sound device.

Two sides of a pipe. The parent's side never makes sound and never waits for it:

    player.py       Sound: open_live, open_file, open_null; starts the child, survives its death
    device.py       is there a sound device, and if not, why not
    frames.py       what goes over the pipe
    settings.py     what can be chosen, and what is told at the end

The child is a process that does nothing else (a busy thread beside pyo costs a third of all
periods), and renders live and off-line on one path, block by block:

    process.py      the child's main
    performer.py    orders -> what sounds: sequence, expiry, neutral, stop, fades
    scheduler.py    notes -> voices, exact to the sample
    synthesis.py    the pyo server in manual mode, its control tables, the mix
    instruments/    one file per instrument
    levels.py       guard, loudness servo, cap
    limiter.py      true-peak limiter, after everything
    loudness.py     K-weighting and gating (ITU-R BS.1770)
    live.py         the sound device: callback, clock, loss and return
    wav.py          the file
    playback.py     a recording as it is, to tap along with
    song.py         the person's own songs, stretched (song_clock.py, vocoder.py, recording.py)
"""

from __future__ import annotations

from biofeedback.sound.device import default_output_device, why_no_sound
from biofeedback.sound.mirror import Mirror
from biofeedback.sound.player import Sound, open_file, open_live, open_null
from biofeedback.sound.settings import SongFile, SoundSettings, SoundSummary

__all__ = [
    "Mirror",
    "SongFile",
    "Sound",
    "SoundSettings",
    "SoundSummary",
    "default_output_device",
    "open_file",
    "open_live",
    "open_null",
    "why_no_sound",
]
