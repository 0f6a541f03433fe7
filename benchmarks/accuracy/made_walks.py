"""Walks of people who don't walk well, made from the walk of one who does; always the same ones.

There is no licensed recording of impaired gait beside the checkout, so the steps of a healthy
person's lower back (straight walks and daily life with insoles, and the simulated body) are played
again: at other instants, weaker, uneven, with what a stick or wheels add. A step that is played at
half the speed has a quarter of the acceleration: that is kinematics, and the rest (how weak, how
uneven) is told by each pattern. They are for choosing between methods and for not getting worse;
no figure on them stands for a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from accuracy.recordings import read, sidecars
from biofeedback.simulate.motion import GRAVITY_MPS2, _templates

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ = 100.0
REST_S = 4.0
_FADE_S = 0.08
_BINS = 64
_LOOPS: tuple[tuple[str, str, float, float], ...] = (
    ("straight 1", "mobgap_HA001_Test5_Trial1", 5.0, 9.9),
    ("straight 2", "mobgap_HA001_Test5_Trial2", 3.9, 8.7),
    ("daily 0", "mobgap_HA001_Test11_Trial1", 6.3, 9.9),
    ("daily 2", "mobgap_HA001_Test11_Trial1", 44.3, 49.7),
    ("daily 3", "mobgap_HA001_Test11_Trial1", 80.4, 85.5),
    ("daily 4", "mobgap_HA001_Test11_Trial1", 95.3, 99.4),
    ("daily 5", "mobgap_HA001_Test11_Trial1", 119.8, 123.4),
)
"""Stretches of recordings without a long pause: name, recording, from and to in s."""


@dataclass(frozen=True)
class Pattern:
    """How somebody walks: steps per minute, and what is wrong with it.

    ``uneven`` is the share of a stride by which one step is longer than half of it, ``lame`` how
    much weaker every other one is; ``scatter`` the CV of the step times. One step in
    ``pauses_every`` takes up to 2.8 times as long; tremor, stick and wheels are added.
    """

    name: str
    spm: float
    strength: float = 1.0
    scatter: float = 0.04
    uneven: float = 0.0
    lame: float = 0.0
    pauses_every: int = 0
    bout_steps: int = 45
    bouts: int = 1
    tremor_mps2: float = 0.0
    stick_mps2: float = 0.0
    wheels_mps2: float = 0.0


PATTERNS = (
    Pattern("slow", 72, 1.0, 0.06),
    Pattern("very slow", 52, 0.9, 0.10, bout_steps=32),
    Pattern("irregular", 92, 0.9, 0.18),
    Pattern("limping", 84, 0.8, 0.06, uneven=0.12, lame=0.5),
    Pattern("shuffling", 116, 0.3, 0.10, tremor_mps2=0.25),
    Pattern("wheeled walker", 76, 0.6, 0.10, wheels_mps2=0.4),
    Pattern("stick", 66, 0.8, 0.08, uneven=0.06, lame=0.3, stick_mps2=1.2),
    Pattern("hesitant", 94, 0.9, 0.09, pauses_every=7),
    Pattern("short bouts", 100, 0.9, 0.08, bout_steps=7, bouts=6),
    Pattern("healthy", 110, 1.0, 0.03),
)


@dataclass(frozen=True)
class MadeWalk:
    """A lower back at RATE_HZ: m/s2, shape (n, 3); the contacts of each bout in s."""

    name: str
    acceleration_mps2: np.ndarray
    bouts: list[np.ndarray]

    @property
    def t(self) -> np.ndarray:
        return np.arange(len(self.acceleration_mps2)) / RATE_HZ


def make_walks(*, seeds: int = 2) -> Iterator[MadeWalk]:
    """Make each pattern of each body's steps, ``seeds`` times."""
    for body, loop in (*_recorded_loops(), ("simulated", _simulated_loop())):
        for pattern in PATTERNS:
            for seed in range(seeds):
                yield _make(f"{pattern.name} / {body} / {seed}", loop, pattern, seed)


def _recorded_loops() -> Iterator[tuple[str, np.ndarray]]:
    """An even number of steps, end joined to beginning; shape (steps * bins, 3)."""
    for name, recording, first_s, last_s in _LOOPS:
        record = read(sidecars("gait", recording)[0])
        acc = np.column_stack([record.columns[f"acc_{axis}"] for axis in "xyz"]) * GRAVITY_MPS2
        contacts = np.sort(record.refs["steps"]["t"])
        contacts = contacts[(contacts >= first_s) & (contacts <= last_s)]
        yield name, _cut_loop(record.t, acc, contacts[: (len(contacts) - 1) // 2 * 2 + 1])


def _simulated_loop() -> np.ndarray:
    walk, _ = _templates("waist")
    stride = walk[:: len(walk) // (2 * _BINS)] + np.array([0.0, 0.0, GRAVITY_MPS2])
    return np.tile(stride, (4, 1))


def _cut_loop(t: np.ndarray, acc: np.ndarray, contacts: np.ndarray) -> np.ndarray:
    steps = np.arange((len(contacts) - 1) * _BINS) / _BINS
    at = np.interp(steps, np.arange(len(contacts)), contacts)
    loop = np.column_stack([np.interp(at, t, a) for a in acc.T])
    step_s = float(np.mean(np.diff(contacts)))
    fade = round(_FADE_S / step_s * _BINS)
    share = np.linspace(0.0, 1.0, fade)[:, None]
    before = contacts[0] + step_s * np.arange(-fade, 0) / _BINS
    lead = np.column_stack([np.interp(before, t, a) for a in acc.T])
    loop[-fade:] = (1.0 - share) * loop[-fade:] + share * lead
    return loop


def _make(name: str, loop: np.ndarray, pattern: Pattern, seed: int) -> MadeWalk:
    rng = np.random.default_rng([seed, round(pattern.spm), len(name)])
    usual_s = 60.0 / pattern.spm
    bouts: list[np.ndarray] = []
    strengths: list[np.ndarray] = []
    at_s = REST_S
    for _ in range(pattern.bouts):
        n = pattern.bout_steps
        steps_s = usual_s * (1.0 + pattern.scatter * _correlated(rng, n - 1))
        steps_s *= 1.0 + 2.0 * pattern.uneven * np.where(np.arange(n - 1) % 2, -1.0, 1.0)
        steps_s = np.maximum(steps_s, 0.45 * usual_s)
        if pattern.pauses_every:
            slow = rng.random(n - 1) < 1.0 / pattern.pauses_every
            steps_s[slow] *= rng.uniform(1.6, 2.8, int(slow.sum()))
        contacts = at_s + np.concatenate([[0.0], np.cumsum(steps_s)])
        lame = np.where(np.arange(n) % 2, 1.0 - pattern.lame, 1.0)
        # The first and the last step of a bout are half steps.
        edge = np.ones(n)
        edge[[0, -1]] = 0.6
        strengths.append(pattern.strength * lame * edge * rng.uniform(0.8, 1.2, n))
        bouts.append(contacts)
        at_s = contacts[-1] + rng.uniform(2.5, 5.0)
    t = np.arange(0.0, at_s + REST_S, 1.0 / RATE_HZ)
    gravity = loop.mean(axis=0)
    moving = loop - gravity
    acc = np.tile(gravity, (len(t), 1))
    loop_step_s = 0.57
    for contacts, strength in zip(bouts, strengths, strict=True):
        # Half a step before the first contact the leg swings already, and the last one settles.
        lead = 0.5 * (contacts[1] - contacts[0])
        tail = 0.5 * (contacts[-1] - contacts[-2])
        nodes = np.concatenate([[contacts[0] - lead], contacts, [contacts[-1] + tail]])
        numbers = np.concatenate([[-0.5], np.arange(len(contacts)), [len(contacts) - 0.5]])
        phase = PchipInterpolator(nodes, numbers)
        inside = (t >= nodes[0]) & (t <= nodes[-1])
        ti = t[inside]
        k, rate = phase(ti), phase.derivative()(ti) * loop_step_s
        bins = np.round(k * _BINS).astype(int) % len(moving)
        felt = np.interp(k, np.arange(len(strength)), strength)
        acc[inside] += moving[bins] * (felt * rate**2)[:, None]
        if pattern.stick_mps2:
            for contact in contacts[::2]:
                acc[:, 0] += pattern.stick_mps2 * np.exp(-(((t - contact + 0.12) / 0.03) ** 2))
    n = len(t)
    walking = np.zeros(n)
    for contacts in bouts:
        walking[(t >= contacts[0]) & (t <= contacts[-1])] = 1.0
    sway = _noise(rng, n, 0.2, 2.0) * 0.12
    tremor = np.sin(2 * np.pi * np.cumsum(5.0 + 0.3 * rng.normal(size=n)) / RATE_HZ)
    wheels = _noise(rng, n, 8.0, 25.0)
    acc += sway[:, None] * rng.normal(size=3) + rng.normal(0.0, 0.03, (n, 3))
    acc[:, 0] += walking * pattern.tremor_mps2 * tremor
    acc += (walking * pattern.wheels_mps2 * wheels)[:, None] * np.array([1.0, 0.4, 0.7])
    return MadeWalk(name, acc, bouts)


def _correlated(rng: np.random.Generator, n: int) -> np.ndarray:
    """Step times hang together: an autoregressive row of unit variance."""
    row = np.empty(n)
    last = rng.normal()
    for i in range(n):
        last = 0.5 * last + np.sqrt(0.75) * rng.normal()
        row[i] = last
    return row


def _noise(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Band-limited noise of unit variance."""
    spectrum = np.fft.rfft(rng.normal(size=n))
    f = np.fft.rfftfreq(n, 1.0 / RATE_HZ)
    spectrum[(f < low_hz) | (f > high_hz)] = 0.0
    row = np.fft.irfft(spectrum, n)
    return row / row.std()
