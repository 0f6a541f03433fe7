"""Where is a sensor worn? Found from a walk, or asked; never assumed.

A linear discriminant over seven numbers (``site_features.py``), learned from recorded walks of
seven people, each recording counting once (``benchmarks/accuracy/sites.py`` learns and prints it).
What it learned of a foot and of a thigh holds for people who were left out; hands, arms and trunks
are too much alike in a walk, so their shares stay low and a person is asked.

References:
    Kunze, Lukowicz, Junker & Troester (2005), Where am I: recognizing on-body positions of wearable
    sensors: during walking, as here. Deviation: linear discriminant; few recordings, so the
    covariance of people is pooled over all sites.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from biofeedback.messages import Site
from biofeedback.signals.gait.site_features import WalkFeatures, WalkWindows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from biofeedback.signals.gait.rhythm import Rhythm
    from biofeedback.signals.resample import Vector

_SITES: Final[dict[str, Site]] = {site: site for site in get_args(Site)}
SURE = 0.95
FEWEST_WINDOWS = 5
ASK_WINDOWS = 15
_RARELY = 8
"""Who was asked once is looked at this much less often."""
FARTHEST = 20.0
"""Squared distance from what was learned: 1 in 200 of known walks would be farther."""
_ELSEWHERE = "elsewhere"
"""In a bag: known so that it isn't taken for something else."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteModel:
    """What walks feel like: means (sites, features), the inverse of their pooled covariance."""

    sites: tuple[str, ...]
    means: NDArray[np.float64]
    precision: NDArray[np.float64]


# fmt: off
MODEL = SiteModel(
    sites=("ankle", "arm", "chest", "elsewhere", "pocket", "waist", "wrist"),
    means=np.array([
        [1.97, 1.94, 1.64, 1.73, -0.74, 3.09, 1.56],
        [0.2, 0.32, 1.03, -0.85, -1.32, 1.49, -0.24],
        [0.03, 0.6, 1.05, -1.6, -1.28, 1.69, 0.09],
        [0.19, 0.84, 1.12, -0.7, -1.05, 1.97, 0.39],
        [0.78, 0.79, 1.03, -0.21, -1.6, 2.55, 1.19],
        [-0.11, 0.09, 0.54, -1.31, -1.22, 1.57, -0.21],
        [0.21, 0, 0.77, -0.84, -0.71, 1.49, -0.17],
    ]),
    precision=np.array([
        [7.42, -0.99, -2.46, -2.3, -1.25, 0.7, 0.08],
        [-0.99, 15.31, -7.02, 0.23, 0.16, -1.7, -0.53],
        [-2.46, -7.02, 13.39, 0.6, 1.15, -5.49, 0.54],
        [-2.3, 0.23, 0.6, 3.73, -0.01, -1.92, -0.17],
        [-1.25, 0.16, 1.15, -0.01, 2.41, -0.7, 0.02],
        [0.7, -1.7, -5.49, -1.92, -0.7, 25.21, -17.15],
        [0.08, -0.53, 0.54, -0.17, 0.02, -17.15, 24.92],
    ]),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class SiteGuess:
    """The likeliest site and its share of all; ``found`` if that is enough to go by.

    ``detail`` tells a person what it was judged by.
    """

    site: Site
    share: float
    found: bool
    detail: str


def weigh_sites(model: SiteModel, felt: NDArray[np.float64]) -> tuple[Mapping[str, float], float]:
    """Return each site's share, and how far the nearest is from what was felt."""
    distances = {
        site: float(off @ model.precision @ off)
        for site, off in zip(model.sites, felt - model.means, strict=True)
    }
    nearest = min(distances.values())
    odds = {site: math.exp(-0.5 * (far - nearest)) for site, far in distances.items()}
    total = math.fsum(odds.values())
    return {site: one / total for site, one in odds.items()}, nearest


class SiteFinder:
    """Watch one sensor of unknown site until its site is found."""

    def __init__(self) -> None:
        self._windows = WalkWindows()
        self._sum = np.zeros(len(WalkFeatures._fields))
        self._n = 0
        self._looks = 0

    def restart(self) -> None:
        """Begin a new stretch after a gap; what was felt is kept."""
        self._windows.restart()

    def update(
        self, vectors: Sequence[Vector], rhythm: Rhythm | None, *, walking: bool
    ) -> SiteGuess | None:
        """Take the next ticks up to a look.

        Returns:
            The site, once it is found; a guess that isn't, once, when it is time to ask.
        """
        if rhythm is not None and self._n >= ASK_WINDOWS:
            self._looks += 1
            rhythm = rhythm if self._looks % _RARELY == 0 else None
        felt = self._windows.update(vectors, rhythm, walking=walking)
        if felt is None:
            return None
        self._sum += np.array(felt)
        self._n += 1
        if self._n < FEWEST_WINDOWS:
            return None
        usual = self._sum / self._n
        shares, distance = weigh_sites(MODEL, usual)
        best = max(shares, key=lambda site: shares[site])
        found = shares[best] >= SURE and distance <= FARTHEST and best != _ELSEWHERE
        if not found and self._n != ASK_WINDOWS:
            return None
        site = _SITES.get(best, "unknown")
        return SiteGuess(site, shares[best], found, _describe(shares, usual))


def _describe(shares: Mapping[str, float], usual: NDArray[np.float64]) -> str:
    likely = sorted(shares, key=lambda site: -shares[site])[:3]
    told = ", ".join(f"{site} {shares[site]:.0%}" for site in likely if shares[site] >= 0.005)
    sizes = zip(WalkFeatures._fields, np.exp(usual).tolist(), strict=True)
    return f"{told} (m/s2: {', '.join(f'{name} {size:.1f}' for name, size in sizes)})"
