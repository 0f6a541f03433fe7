"""Breathing rate from what breathing does to other signals.

* Three sources: the RR intervals shorten as one breathes in (*rhythm*), the height of the R wave
  changes as the chest moves (*amplitude*), and the chest or belly moves itself (*chest*).
* A source tells nothing unless one wave stands out. Below 9 breaths a minute the RR intervals have
  a wave of their own (Mayer, 0.1 Hz): there the rhythm needs nearly all of its power in one narrow
  peak, and a swing that only slow breathing gives.
* Sources that agree are averaged; when good ones disagree, or the person moves, nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from biofeedback.messages import NS_PER_S, MeasureTaken
from biofeedback.signals.findings import Teller
from biofeedback.signals.spectrum import take_spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.signals.spectrum import Spectrum

BreathSource: TypeAlias = Literal["rhythm", "amplitude", "chest"]

BREATHING_WINDOW_S = 48.0
LOWEST_BRPM = 3.5
HIGHEST_BRPM = 36.0
_SLOW_HZ = 0.15
_MARGIN_HZ = 0.006
_HALF_WIDTH_HZ = 0.035
_ABOVE_HZ = 0.1
_NARROW_HZ = 0.025
_HARMONIC_HZ = 0.012
_ECHO_SHARE = 0.35
_FAST_SHARE = 0.15
_NARROW_SHARE = 0.7
_SLOW_SWING = 0.03
_SLOW_AMPLITUDE = 0.7
_FAST_QUALITY = 0.8
_SKIRT_RATIO = 0.05
"""A Hann window leaves ripples beside a peak, below this ratio of its height."""
_LEAST_SHARE = 0.45
_NYQUIST_SHARE = 0.47
_VALID_NS = 12 * NS_PER_S
_AGREE_BRPM = 1.5
_AGREE_SHARE = 0.1
_RIVAL_SHARE = 0.6
_ALONE = 0.8
_STILL_AFTER_NS = 15 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Breath:
    """A breathing rate as one source sees it; ``quality`` is 0..1."""

    brpm: float
    quality: float


def find_breath(
    values: NDArray[np.float64],
    *,
    rate_hz: float,
    heart_rate_bpm: float | None,
    source: BreathSource,
) -> Breath | None:
    """Find the breathing rate in an evenly sampled signal, shape (n,) or (n, axes).

    A series with one value per beat can't show more than half as many breaths as beats: with
    ``heart_rate_bpm`` nothing is looked for above.
    """
    top_hz = HIGHEST_BRPM / 60.0
    if heart_rate_bpm is not None:
        top_hz = min(top_hz, _NYQUIST_SHARE * heart_rate_bpm / 60.0)
    spectrum = take_spectrum(values, rate_hz=rate_hz, trend_degree=2)
    band = None if spectrum is None else _Band(spectrum, top_hz)
    peak_hz = None if band is None else band.find_peak_hz(band.low_hz)
    if band is None or peak_hz is None:
        return None
    quality = band.share(peak_hz, _HALF_WIDTH_HZ)
    if peak_hz < _SLOW_HZ and source == "amplitude":
        # Baseline wander is slow too.
        quality *= _SLOW_AMPLITUDE
    if peak_hz < _SLOW_HZ and source == "rhythm":
        fast_hz = band.find_fast_hz(peak_hz)
        if fast_hz is not None:
            # Breath beside the slow wave: what counts is how it stands out of the fast band.
            quality = _FAST_QUALITY * band.share_of_fast(fast_hz)
            peak_hz = fast_hz
        elif band.share(peak_hz, _NARROW_HZ) < _NARROW_SHARE or _swing(values) < _SLOW_SWING:
            return None
    brpm = 60.0 * peak_hz
    if quality < _LEAST_SHARE or not LOWEST_BRPM <= brpm <= HIGHEST_BRPM:
        return None
    return Breath(brpm=brpm, quality=min(1.0, quality))


class _Band:
    """The part of a spectrum in which breathing may be."""

    def __init__(self, spectrum: Spectrum, top_hz: float) -> None:
        self._spectrum = spectrum
        self._top_hz = top_hz
        self.low_hz = LOWEST_BRPM / 60.0 - _MARGIN_HZ
        # All of the power may lie outside: nothing is a share of nothing.
        self._total = max(self._sum_from(self.low_hz), 1e-300)

    def _sum_from(self, low_hz: float) -> float:
        return self._spectrum.sum_between(low_hz, self._top_hz + _ABOVE_HZ)

    def find_peak_hz(self, low_hz: float) -> float | None:
        return self._spectrum.find_peak_hz(low_hz, self._top_hz)

    def share(self, peak_hz: float, width_hz: float) -> float:
        """The share of the band's power that lies round a peak of it."""
        return self._spectrum.sum_between(peak_hz - width_hz, peak_hz + width_hz) / self._total

    def share_of_fast(self, peak_hz: float) -> float:
        """The same of the fast part alone."""
        return (
            self.share(peak_hz, _HALF_WIDTH_HZ)
            * self._total
            / max(self._sum_from(_SLOW_HZ), 1e-300)
        )

    def find_fast_hz(self, slow_hz: float) -> float | None:
        """Find the wave of fast breathing beside a larger slow one, if there is one."""
        fast_hz = self.find_peak_hz(_SLOW_HZ)
        if fast_hz is None:
            return None
        share = self.share(fast_hz, _HALF_WIDTH_HZ)
        echo = abs(fast_hz - 2.0 * slow_hz) < _HARMONIC_HZ and share < _ECHO_SHARE
        read = self._spectrum.read
        skirt = read(fast_hz) < _SKIRT_RATIO * read(slow_hz)
        return None if echo or skirt or share < _FAST_SHARE else fast_hz


def _swing(values: NDArray[np.float64]) -> float:
    """Tell how far the values swing, SD over mean."""
    return float(values.std()) / abs(float(values.mean()))


class Breathing:
    """What the sources of one wearer say together."""

    def __init__(self, wearer: str) -> None:
        self._wearer = wearer
        self._told: dict[tuple[str, BreathSource], tuple[Breath, int]] = {}
        self._moved_ns: int | None = None
        self.breathing_brpm: float | None = None
        self.valid_at_ns: int | None = None

    def moves(self, of_ns: int) -> bool:
        """Tell whether the person moves, or did so lately."""
        return self._moved_ns is not None and of_ns - self._moved_ns < _STILL_AFTER_NS

    def move(self, of_ns: int) -> None:
        """Hear that the person moved: what was told is no longer breathing alone."""
        self._moved_ns = of_ns
        self._told.clear()

    def forget(self, sensor: str) -> None:
        """Forget a sensor that left."""
        for key in [key for key in self._told if key[0] == sensor]:
            del self._told[key]

    def hear(
        self, sensor: str, source: BreathSource, breath: Breath | None, at_ns: int, *, of_ns: int
    ) -> list[MeasureTaken]:
        """Hear one source, of an instant; answer the rate if it is the one that leads."""
        key = (sensor, source)
        self._told.pop(key, None)
        if breath is None or self.moves(of_ns):
            return []
        self._told[key] = (breath, of_ns)
        fresh = {k: b for k, (b, told_ns) in self._told.items() if of_ns - told_ns <= _VALID_NS}
        leader = max(fresh, key=lambda k: fresh[k].quality)
        if leader != key:
            return []
        doubt = 1.0
        weighted = weights = 0.0
        for other in fresh.values():
            near = max(_AGREE_BRPM, _AGREE_SHARE * breath.brpm)
            if abs(other.brpm - breath.brpm) <= near:
                weighted += other.quality * other.brpm
                weights += other.quality
                doubt *= 1.0 - other.quality
            elif other.quality >= _RIVAL_SHARE * breath.quality:
                return []
        self.breathing_brpm = weighted / weights
        self.valid_at_ns = of_ns
        quality = _ALONE * breath.quality if len(fresh) == 1 else 1.0 - doubt
        tell = Teller(self._wearer, sensor)
        return [tell.measure("breathing_brpm", self.breathing_brpm, quality, at_ns)]
