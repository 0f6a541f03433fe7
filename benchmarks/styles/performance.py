"""Let a style play curves into a file, as ``biofeedback render`` does, and keep what it played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import soundfile

from biofeedback.messages import NS_PER_S, MusicParameters, PlayNote, SteerSound, StopSound
from biofeedback.music.performer import Performer
from biofeedback.sound import SoundSettings, open_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biofeedback.music.style import Style

STEP_NS = NS_PER_S // 10
BATCH_NS = 2 * NS_PER_S
FADE_MS = 900
LATEST_NS = NS_PER_S // 20
"""Players are late by less: the last notes still sound."""
MIDDLING = MusicParameters(
    tempo_bpm=90.0,
    energy=0.5,
    density=0.5,
    brightness=0.5,
    articulation=0.4,
    tension=0.3,
    swell=0.2,
    register=0.0,
    level_db=0.0,
)


@dataclass(frozen=True)
class Performance:
    """A piece that was played: its notes, the tempo over time, and the file."""

    style: Style
    seed: int
    seconds: float
    notes: list[PlayNote]
    beats_s: np.ndarray
    wav: Path | None

    def listen(self) -> tuple[np.ndarray, int]:
        """Read the sound, shape (n, 2), and its rate; without the fade at the end."""
        assert self.wav is not None
        audio, rate = soundfile.read(self.wav, always_2d=True)
        return audio[: round(self.seconds * rate)], rate

    @property
    def bar_s(self) -> float:
        """Length of a bar of the style, at the mean tempo."""
        beat_s = float(np.mean(np.diff(self.beats_s)))
        return beat_s * self.time_ratio * self.style.meter.beats

    @property
    def time_ratio(self) -> float:
        """Felt beats in a beat of the style."""
        tempo_bpm = 60.0 / float(np.mean(np.diff(self.beats_s)))
        return Performer(self.style, self.seed, start_ns=0, tempo_bpm=tempo_bpm).time_ratio


def middle_tempo_bpm(style: Style) -> float:
    """Tell the tempo in the middle of what suits a style."""
    low_bpm, high_bpm = style.tempo_range_bpm
    return round((low_bpm * high_bpm) ** 0.5)


def perform(
    style: Style,
    curve: Callable[[float], MusicParameters],
    *,
    seconds: float,
    seed: int = 1,
    wav: Path | None = None,
) -> Performance:
    """Play ``curve`` (seconds -> parameters); write the sound if ``wav`` is given."""
    performer = Performer(style, seed, start_ns=0, tempo_bpm=curve(0.0).tempo_bpm)
    sound = None
    if wav is not None:
        settings = SoundSettings(orchestra=style.orchestra(click=False))
        sound = open_file(wav, origin_ns=0, settings=settings)
    end_ns = round(seconds * NS_PER_S)
    notes: list[PlayNote] = []
    batch: list[PlayNote | SteerSound | StopSound] = []
    for sequence, at_ns in enumerate(range(0, end_ns, STEP_NS), start=1):
        until_ns = min(at_ns + STEP_NS, end_ns)
        asked = curve(until_ns / NS_PER_S)
        played = performer.play(at_ns, until_ns, asked)
        notes += played
        steer = SteerSound(
            at_ns=at_ns,
            sequence=sequence,
            expires_ns=at_ns + BATCH_NS,
            parameters=asked,
            may_rise=True,
            swell_wave=performer.swell_wave(until_ns),
        )
        batch += [steer, *played]
        if sound is not None and until_ns % BATCH_NS == 0:
            sound.send(batch)
            sound.advance(until_ns)
            batch = []
    if sound is not None:
        sound.send([*batch, StopSound(at_ns=end_ns + LATEST_NS, fade_ms=FADE_MS)])
        sound.advance(end_ns + NS_PER_S)
        heard = sound.close()
        if heard.failure is not None:
            raise RuntimeError(heard.failure)
        if heard.dropped_notes or heard.late_notes:
            raise RuntimeError(f"{heard.dropped_notes} dropped, {heard.late_notes} late notes")
    return Performance(style, seed, seconds, notes, find_beats_s(curve, seconds), wav)


def find_beats_s(curve: Callable[[float], MusicParameters], seconds: float) -> np.ndarray:
    """Integrate the tempo by itself, 1000 times a second, and tell where whole beats lie."""
    at_s = np.arange(0.0, seconds, 0.001)
    tempi = np.array([curve(t).tempo_bpm for t in np.arange(0.0, seconds + 0.1, 0.1)])
    tempo_bpm = np.interp(at_s, np.arange(len(tempi)) * 0.1, tempi)
    beats = np.concatenate(([0.0], np.cumsum(tempo_bpm[:-1] + tempo_bpm[1:]) / 2 / 60 * 0.001))
    return np.interp(np.arange(0, int(beats[-1]) + 1), beats, at_s)


def ask(**changes: float) -> MusicParameters:
    """Change some of the middling parameters."""
    return msgspec.structs.replace(MIDDLING, **changes)
