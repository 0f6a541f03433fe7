"""Render instruments alone and say what was heard: ``instrument_facts.py NAME...`` prints JSON.

A process of its own, because pyo's teardown at exit can crash. The tests of the instruments and
``benchmarks/bench_instruments.py`` read what it prints, one line for each instrument.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time

import numpy as np
from scipy.signal import sosfilt

from biofeedback.messages import NS_PER_S, MusicParameters, Part, PlayNote
from biofeedback.sound.instruments import INSTRUMENTS
from biofeedback.sound.loudness import design_k_weighting, power_to_lufs
from biofeedback.sound.scheduler import NoteScheduler, pitch_to_hz
from biofeedback.sound.steering import Steering
from biofeedback.sound.synthesis import Synthesis

RATE_HZ = 48_000
FRAMES = 128
LOUDEST_S = 0.2  # loudness adds up over about this time
VELOCITY = 0.8
MIDDLING = {
    "tempo_bpm": 100.0,
    "energy": 0.5,
    "density": 0.5,
    "brightness": 0.5,
    "articulation": 0.5,
    "tension": 0.5,
    "swell": 0.5,
    "register": 0.0,
    "level_db": 0.0,
}


class Stage:
    """One instrument, on layer ``melody`` (or another), without levels and limiter."""

    def __init__(self, name, *, layer=None, rate_hz=RATE_HZ, frames=FRAMES):
        self.instrument = INSTRUMENTS[name]
        self.layer = layer or ("melody" if self.instrument.voices else "nature")
        started = time.perf_counter()
        self.synthesis = Synthesis({self.layer: name}, rate_hz=rate_hz, frames=frames)
        self.build_s = time.perf_counter() - started
        self.rate_hz, self.frames = rate_hz, frames
        self.scheduler = NoteScheduler(self.synthesis, self.synthesis.groups, rate_hz=rate_hz)
        self.glide = Steering()
        self.first_frame = 0

    def now_s(self):
        return self.first_frame / self.rate_hz

    def add(self, at_s, pitch, *, seconds, velocity=VELOCITY, pan=0.0):
        note = PlayNote(
            at_ns=0,
            start_ns=round(at_s * NS_PER_S),
            duration_ns=round(seconds * NS_PER_S),
            layer=self.layer,
            pitch_midi=pitch,
            velocity=velocity,
            tick=0,
            pan=pan,
        )
        self.scheduler.add(note)

    def play(self, seconds, *, wave=0.5, parts=(), may_rise=True, **parameters):
        """Render; ``wave`` may be a function of time."""
        wanted = MusicParameters(**(MIDDLING | parameters))
        parts = tuple(Part(energy=energy, place=place) for energy, place in parts)
        blocks = []
        for _ in range(round(seconds * self.rate_hz / self.frames)):
            self.synthesis.begin_block()
            steered = self.glide.advance(
                wanted,
                wave=wave(self.now_s()) if callable(wave) else wave,
                parts=parts,
                may_rise=may_rise,
                seconds=self.frames / self.rate_hz,
            )
            self.synthesis.steer(steered, programme_ratio=1.0, bed_ratio=0.0)
            self.scheduler.fill(
                origin_ns=0,
                first_frame=self.first_frame,
                frames=self.frames,
                clock_error_ns=0,
                muted=False,
            )
            blocks.append(self.synthesis.render())
            self.first_frame += self.frames
        return np.concatenate(blocks)


def loudest_lufs(samples, *, seconds=LOUDEST_S, rate_hz=RATE_HZ):
    weighted = sosfilt(design_k_weighting(rate_hz), samples, axis=0)
    sums = np.cumsum(np.concatenate(([0.0], (weighted**2).sum(axis=1))))
    size = round(seconds * rate_hz)
    return power_to_lufs(float((sums[size:] - sums[:-size]).max() / size))


def peak_db(samples):
    return 20.0 * math.log10(float(np.abs(samples).max()) + 1e-12)


def cents_off(samples, pitch_hz, *, rate_hz=RATE_HZ):
    """How far the fundamental is from where it should be: the middle of its power."""
    mono = samples.sum(axis=1) * np.hanning(len(samples))
    power = np.abs(np.fft.rfft(mono, 1 << 20)) ** 2
    cents = np.linspace(-60.0, 60.0, 481)
    hz = pitch_hz * 2.0 ** (cents / 1200.0)
    there = np.interp(hz, np.fft.rfftfreq(1 << 20, 1.0 / rate_hz), power)
    middle = float((cents * there).sum() / there.sum())
    near = np.abs(cents - middle) < 25.0
    return float((cents * there)[near].sum() / there[near].sum())


def bend(samples):
    """The sharpest corner: the largest second difference between samples."""
    return float(np.abs(np.diff(samples, n=2, axis=0)).max())


def bend_at_end(note, end_s):
    """How sharp the corner is where a note ends, against the sharpest in the 30 ms before."""
    end = round(end_s * RATE_HZ)
    before = bend(note[end - round(0.03 * RATE_HZ) : end - 64])
    return bend(note[end - 64 : end + round(0.01 * RATE_HZ)]) / max(before, 1e-6)


def centroid_hz(samples, *, rate_hz=RATE_HZ):
    """The middle of the spectrum, 6 dB an octave brighter: colour is in the small partials."""
    amplitude = np.fft.rfft(samples.sum(axis=1) * np.hanning(len(samples)))
    hz = np.fft.rfftfreq(len(samples), 1.0 / rate_hz)
    power = (hz * np.abs(amplitude)) ** 2
    return float((hz * power).sum() / power.sum())


def measure(name):
    instrument = INSTRUMENTS[name]
    stage = Stage(name)
    if not instrument.voices:
        return {"name": name, "build_s": stage.build_s} | measure_nature(stage)
    low, high = instrument.range_midi
    pitches = sorted({round(low + (high - low) * part / 4) for part in range(5)})
    held_s = 2.5 if instrument.ring_s > 2.0 and not instrument.one_shot else 0.8
    apart_s = held_s + max(instrument.ring_s, 0.5) + 0.2
    notes = []
    for pitch in pitches:
        stage.add(stage.now_s() + 0.01, pitch, seconds=held_s)
        notes.append(stage.play(apart_s))
    whole = np.concatenate(notes)
    silence = stage.play(3.5)[-round(0.1 * RATE_HZ) :]
    start, end = round(0.05 * RATE_HZ), round(held_s * RATE_HZ)
    typical = Stage(name)
    typical.add(0.01, instrument.default_pitch_midi, seconds=min(held_s, 2.0))
    loud = typical.play(apart_s)
    soft = Stage(name)
    soft.add(0.01, instrument.default_pitch_midi, seconds=min(held_s, 2.0), velocity=0.25)
    soft_note = soft.play(apart_s)
    attack = np.abs(loud).max(axis=1)
    body = round(0.01 * RATE_HZ) + np.arange(round(0.4 * RATE_HZ))
    return {
        "name": name,
        "build_s": round(stage.build_s, 3),
        "tuned": instrument.tuned,
        "finite": bool(np.isfinite(whole).all()),
        "peak_db": round(peak_db(whole), 1),
        "dc": float(np.abs(whole.mean(axis=0)).max()),
        "left_db": round(peak_db(silence) - peak_db(whole), 1),
        "worst_cents": round(
            max(
                abs(cents_off(note[start:end], pitch_to_hz(pitch)))
                for note, pitch in zip(notes, pitches, strict=True)
            ),
            2,
        )
        if instrument.tuned
        else 0.0,
        "loudest_lufs": round(loudest_lufs(loud), 2),
        "range_lufs": [round(loudest_lufs(note), 1) for note in notes],
        "attack_ms": round(
            float(np.argmax(attack > 0.5 * attack.max()) / RATE_HZ * 1000.0 - 10.0), 1
        ),
        "soft_to_loud_centroid": round(centroid_hz(soft_note[body]) / centroid_hz(loud[body]), 2),
        "highest_share_db": round(share_above_db(whole, 16_000.0), 1),
        "end_bend": round(max(bend_at_end(note, 0.01 + held_s) for note in notes), 2),
        "steal": measure_stealing(name, single=max(bend(note) for note in notes)),
        "cost": measure_cost(name),
    }


def share_above_db(samples, hz):
    """Power above a frequency, against the whole."""
    power = np.abs(np.fft.rfft(samples, axis=0)) ** 2
    above = np.fft.rfftfreq(len(samples), 1.0 / RATE_HZ) > hz
    return 10.0 * math.log10(float(power[above].sum() / power.sum()) + 1e-20)


def measure_stealing(name, *, single):
    """200 notes a second: the sharpest corner, as a multiple of that in single notes."""
    stage = Stage(name)
    low, high = stage.instrument.range_midi
    random = np.random.default_rng(1)
    for k in range(300):
        pitch = int(random.integers(low, high + 1))
        stage.add(0.01 + k / 200.0, pitch, seconds=float(random.uniform(0.005, 0.3)))
    return round(bend(stage.play(2.0)) / single, 2)


def measure_cost(name):
    """Processor time of a block with all voices at work, in us."""
    stage = Stage(name)
    for k in range(stage.instrument.voices):
        stage.add(0.01, stage.instrument.default_pitch_midi + k % 12, seconds=5.0)
    stage.play(0.1)
    best = math.inf
    for _ in range(5):
        start = time.thread_time()
        for _ in range(100):
            stage.synthesis._server.process()
        best = min(best, (time.thread_time() - start) / 100)
    return round(1e6 * best, 1)


def measure_nature(stage):
    steady = stage.play(8.0)
    deep = stage.play(
        20.0, wave=lambda at: 0.5 - 0.5 * math.cos(2 * math.pi * at / 10.0), swell=1.0
    )
    levels = 10 * np.log10((deep[: len(deep) // 4800 * 4800] ** 2).reshape(-1, 9600).mean(axis=1))
    still = 10 * np.log10(
        (steady[: len(steady) // 4800 * 4800] ** 2).reshape(-1, 9600).mean(axis=1)
    )
    return {
        "finite": bool(np.isfinite(deep).all()),
        "peak_db": round(peak_db(deep), 1),
        "dc": float(np.abs(steady.mean(axis=0)).max()),
        "loudest_lufs": round(loudest_lufs(steady, seconds=3.0), 2),
        "swing_db": round(float(np.percentile(levels, 95) - np.percentile(levels, 5)), 1),
        "still_db": round(float(np.percentile(still, 95) - np.percentile(still, 5)), 1),
        "bend": bend(steady),
        "correlation": round(float(np.corrcoef(steady.T)[0, 1]), 2),
    }


if __name__ == "__main__":
    for name in sys.argv[1:] or INSTRUMENTS:
        print(json.dumps(measure(name)), flush=True)
    os._exit(0)
