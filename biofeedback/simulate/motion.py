"""Acceleration where a sensor sits.

Each site has two templates, walking and running, over one stride (two steps, from left contact to
left contact): what an accelerometer there measures on top of gravity, in the body's axes forward,
left, up. They are built from the textbook parts of gait: the trunk rises and falls once per step
and is stopped by the ground with a short transient; it sways once per stride; the arm swings once
per stride as a pendulum, which turns gravity in the forearm; the shank swings and lands once per
stride (Winter 2009, Biomechanics and motor control of human movement; Zijlstra & Hof 2003 for the
trunk). Amplitudes are those of 110 steps/min for walking and 165 steps/min for running.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.messages import Site
    from biofeedback.simulate.body import Body

GRAVITY_MPS2 = 9.80665
_BINS = 4096
_WALK_STRIDE_S = 120.0 / 110.0
_RUN_STRIDE_S = 120.0 / 165.0
_NOISE_MPS2 = 0.025
_DRIFT_RAD, _DRIFT_S = 0.05, 41.0
_BREATH_RAD = 0.006
_TREMBLE_HZ, _TREMBLE_MPS2 = 5.5, 2.5
_TREMBLES = {"ankle": 1.0, "waist": 0.35, "chest": 0.2}
"""Legs that freeze tremble at 3 to 8 Hz (Moore et al. 2008)."""
_CARRIED = {
    "wrist": 1.0,
    "arm": 0.5,
    "chest": 0.12,
    "waist": 0.08,
    "pocket": 0.05,
    "ankle": 0.03,
    "unknown": 0.3,
}
"""How much of the hand's acceleration a sensor there feels."""


class SiteMotion:
    """Acceleration including gravity in the axes of one sensor on one body."""

    def __init__(self, body: Body, site: Site, rng: np.random.Generator) -> None:
        self._body = body
        self._site = site
        self._rng = rng
        self._walk, self._run = _templates(site)
        self._mount = _random_mount(site, rng)
        self._drift_phase = float(rng.uniform(0.0, math.tau))
        self._lean_rad = float(rng.uniform(-0.1, 0.1))
        self._breathes = site in ("chest", "waist")
        self._carried = _CARRIED[site]

    def measure(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure at ``times_s`` (n,), ascending; returns (n, 3) in m/s2.

        Blocks must follow one another: noise is drawn in the order of the calls.
        """
        tilt = np.sin(times_s * (math.tau / _DRIFT_S) + self._drift_phase)
        tilt *= _DRIFT_RAD
        tilt += self._lean_rad
        if self._breathes:
            tilt += _BREATH_RAD * self._body.breath_wave(times_s)
        felt = self._rng.standard_normal((len(times_s), 3))
        felt *= _NOISE_MPS2
        reach = self._body.reaches.sample(times_s)
        if reach is not None:
            hand, turn = reach
            felt += self._carried * hand
            tilt += self._carried * turn
        if self._body.story.act_at(float(times_s[0])).doing == "freeze":
            shake = np.sin(times_s * (math.tau * _TREMBLE_HZ))
            felt[:, 0] += _TREMBLE_MPS2 * _TREMBLES.get(self._site, 0.1) * shake
        felt[:, 0] -= GRAVITY_MPS2 * np.sin(tilt)
        felt[:, 2] += GRAVITY_MPS2 * np.cos(tilt)
        gait = self._body.steps.sample(times_s)
        if gait is not None:
            phase, walk, run = gait
            bins = (phase * (_BINS // 2)).astype(np.intp) & (_BINS - 1)
            if walk is not None:
                felt += self._walk.take(bins, axis=0) * walk[:, None]
            if run is not None:
                felt += self._run.take(bins, axis=0) * run[:, None]
        return felt @ self._mount


def _templates(site: Site) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if site == "wrist":
        return (
            _arm(_WALK_STRIDE_S, 0.27, 0.55, _trunk(1.15)),
            _arm(_RUN_STRIDE_S, 0.5, 0.3, _running(0.6)),
        )
    if site == "arm":
        return (
            _arm(_WALK_STRIDE_S, 0.27, 0.25, _trunk(1.05)),
            _arm(_RUN_STRIDE_S, 0.5, 0.15, _running(0.75)),
        )
    if site == "pocket":
        # The thigh is a pendulum too, from the hip.
        return (
            _arm(_WALK_STRIDE_S, 0.35, 0.25, _trunk(1.1)),
            _arm(_RUN_STRIDE_S, 0.55, 0.25, _running(1.1)),
        )
    if site == "ankle":
        return _shank(_WALK_STRIDE_S, 1.0), _shank(_RUN_STRIDE_S, 1.6)
    if site == "waist":
        return _trunk(1.1), _running(1.1)
    return _trunk(1.0), _running(1.0)


def _step_phase() -> NDArray[np.float64]:
    return np.arange(_BINS) / _BINS * 2.0 % 1.0


def _stride_phase() -> NDArray[np.float64]:
    return np.arange(_BINS) / _BINS


def _transient(
    phase: NDArray[np.float64], period_s: float, *, rise_s: float, ring_hz: float, decay_s: float
) -> NDArray[np.float64]:
    """Shape the shock of a contact at phase 0: a rise, then a damped oscillation."""
    since_s = phase * period_s
    envelope = (1.0 - np.exp(-since_s / rise_s)) * np.exp(-since_s / decay_s)
    return envelope * np.cos(math.tau * ring_hz * (since_s - 2.0 * rise_s))


def _trunk(share: float) -> NDArray[np.float64]:
    """Walk: the trunk is lowest, hence pushed up hardest, shortly after each contact.

    Harmonics as at the lower back of a healthy adult with contacts from pressure insoles
    (Mobilise-D example data), and the short shock that a low-pass filter would hide.
    """
    step, stride = _step_phase() * math.tau, _stride_phase() * math.tau
    shock = _transient(_step_phase(), _WALK_STRIDE_S / 2, rise_s=0.012, ring_hz=11.0, decay_s=0.05)
    up = 2.1 * np.cos(step - 0.32) + 0.6 * np.cos(2 * step - 0.2) + 0.6 * np.cos(3 * step - 0.75)
    up += 0.4 * np.cos(4 * step - 2.2) + 0.8 * shock
    forward = -1.3 * np.sin(step) - 0.3 * np.sin(2 * step - 0.4) - 0.4 * shock
    left = 0.8 * np.sin(stride + 0.2) + 0.25 * np.sin(3 * stride)
    return share * _centred(forward, left, up)


def _running(share: float) -> NDArray[np.float64]:
    """Run: half of the step is flight, where the sensor falls freely."""
    phase = _step_phase()
    stance = np.where(phase < 0.45, np.sin(math.pi * phase / 0.45), 0.0)
    shock = _transient(phase, _RUN_STRIDE_S / 2, rise_s=0.008, ring_hz=14.0, decay_s=0.035)
    up = GRAVITY_MPS2 * (stance * (math.pi / 2) / 0.45 - 1.0) + 7.0 * shock
    forward = -3.0 * np.where(phase < 0.45, np.cos(math.pi * phase / 0.45), 0.0) - 1.5 * shock
    left = 1.5 * np.sin(_stride_phase() * math.tau)
    return share * _centred(forward, left, up)


def _arm(
    stride_s: float, swing_rad: float, length_m: float, trunk: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Swing the arm as a pendulum from the shoulder, which moves with the trunk.

    ``length_m`` is from the shoulder to the sensor; who runs bends the elbow.
    """
    turn = _stride_phase() * math.tau
    rate = math.tau / stride_s
    angle = swing_rad * np.cos(turn - 0.5)
    speed = -swing_rad * rate * np.sin(turn - 0.5)
    tangential = -swing_rad * rate**2 * np.cos(turn - 0.5) * length_m
    arm = np.stack(
        [
            tangential + GRAVITY_MPS2 * np.sin(angle),
            np.zeros(_BINS),
            length_m * speed**2 + GRAVITY_MPS2 * (np.cos(angle) - 1.0),
        ],
        axis=1,
    )
    return arm + trunk


def _shank(stride_s: float, strength: float) -> NDArray[np.float64]:
    """Swing and land the left leg: stance until 0.6 of the stride, then swing."""
    phase = _stride_phase()
    shock = _transient(phase, stride_s, rise_s=0.006, ring_hz=16.0, decay_s=0.03)
    push = np.exp(-(((phase - 0.58) / 0.05) ** 2))
    brake = np.exp(-(((phase - 0.92) / 0.04) ** 2))
    lean = np.where(phase > 0.4, np.sin((phase - 0.4) / 0.6 * math.tau), 0.0)
    forward = 11.0 * push - 13.0 * brake + 4.5 * lean - 6.0 * shock
    left = 1.2 * np.sin(phase * math.tau) + 2.0 * shock
    up = 5.0 * push + 4.0 * brake - 1.5 * np.abs(lean) + 26.0 * shock
    return strength * np.stack([forward, left, up], axis=1)


def _centred(
    forward: NDArray[np.float64], left: NDArray[np.float64], up: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Join the axes without their means: nobody takes off."""
    axes = np.stack([forward, left, up], axis=1)
    return axes - axes.mean(axis=0)


def _random_mount(site: Site, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how the sensor's axes lie: body to sensor is a fixed rotation, row vectors.

    A strap keeps its side and its upright within a few degrees; a wrist band may sit anyhow.
    """
    loose = 0.9 if site in ("wrist", "arm", "unknown") else 0.15
    roll, pitch, yaw = rng.uniform(-loose, loose, 3)
    return _turn(0, 1, yaw) @ _turn(0, 2, pitch) @ _turn(1, 2, roll)


def _turn(first: int, second: int, angle_rad: float) -> NDArray[np.float64]:
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = math.cos(angle_rad)
    turn[first, second] = -math.sin(angle_rad)
    turn[second, first] = math.sin(angle_rad)
    return turn
