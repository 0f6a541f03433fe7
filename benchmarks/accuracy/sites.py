"""Where is a sensor worn? Learn it from recorded walks, and tell how well it is told of others.

``python -m accuracy.sites`` (in this folder) prints the numbers that the core keeps.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accuracy.recordings import read, sidecars
from accuracy.table import Line
from biofeedback.signals.gait.site import (
    FARTHEST,
    FEWEST_WINDOWS,
    MODEL,
    SURE,
    SiteModel,
    weigh_sites,
)
from biofeedback.signals.gait.site_features import EVERY_TICKS, WalkFeatures, WalkWindows
from biofeedback.signals.gait.steps import Steps
from biofeedback.signals.resample import Resampler
from biofeedback.simulate.motion import GRAVITY_MPS2
from biofeedback.simulate.recording import find_site

if TYPE_CHECKING:
    from pathlib import Path

    from accuracy.recordings import Recorded

_TO_MPS2 = {"g": GRAVITY_MPS2, "mg": GRAVITY_MPS2 / 1000, "m/s2": 1.0}
SHRINK = 0.1
TOLD_WINDOWS = 15
"""Half a minute of walking: whoever isn't found by then is asked."""


@dataclass(frozen=True)
class Walk:
    """What one sensor of one recording felt; ``windows`` has shape (n, features)."""

    id: str
    person: str
    site: str
    windows: np.ndarray


def feel(t: np.ndarray, acceleration_mps2: np.ndarray) -> np.ndarray:
    """Describe a walk as the live chain does at an unknown site."""
    resampler, steps, windows = Resampler(), Steps("unknown"), WalkWindows()
    found: list[WalkFeatures] = []
    for ticks in resampler.update(np.round(t * 1e9).astype(np.int64), acceleration_mps2):
        steps.restart()
        windows.restart()
        first = ticks.first
        while first < ticks.first + len(ticks.vectors):
            end = first + 1 + -first % EVERY_TICKS
            vectors = ticks.vectors[first - ticks.first : end - ticks.first]
            lengths = [float(np.sqrt(x * x + y * y + z * z)) for x, y, z in vectors]
            steps.update(first, lengths, vectors)
            felt = windows.update(vectors, steps.rhythm, walking=steps.step_s is not None)
            if felt is not None:
                found.append(felt)
            first = end
    return np.array(found)


def walks_of(path: Path) -> list[Walk]:
    record = read(path)
    person = record.meta["subject"]
    if record.id.startswith("gaitmap"):
        return [
            Walk(f"{record.id} {side}", f"{person} {side}", "ankle", feel(record.t, axes))
            for side in ("left", "right")
            for axes in [_axes(record, f"{side}_acc_")]
        ]
    if "acc_x" not in record.columns:
        return []
    site = find_site(record.meta["site"])
    name = "elsewhere" if site == "unknown" else site
    return [Walk(record.id, person, name, feel(record.t, _axes(record, "acc_")))]


def _axes(record: Recorded, prefix: str) -> np.ndarray:
    unit = record.meta["columns"][f"{prefix}x"]["unit"]
    return np.column_stack([record.columns[prefix + axis] for axis in "xyz"]) * _TO_MPS2[unit]


def learn(walks: list[Walk]) -> SiteModel:
    """Learn a linear discriminant: each recording counts once, however long it is.

    The covariance is the scatter of windows within a recording plus that of recordings within a
    site, pooled over all sites: of most sites there are few recordings.
    """
    by_site: dict[str, list[np.ndarray]] = defaultdict(list)
    for walk in walks:
        if len(walk.windows) >= 2:
            by_site[walk.site].append(walk.windows)
    means = {
        site: np.mean([windows.mean(axis=0) for windows in some], axis=0)
        for site, some in by_site.items()
    }
    within = [np.cov(w.T) for some in by_site.values() for w in some if len(w) >= 4]
    between = []
    for site, some in by_site.items():
        n = len(some)
        for windows in some if n > 1 else ():
            off = windows.mean(axis=0) - means[site]
            between.append(np.outer(off, off) * n / (n - 1))
    spread = np.mean(within, axis=0) + np.mean(between, axis=0)
    spread = (1 - SHRINK) * spread + SHRINK * np.diag(np.diag(spread))
    return SiteModel(
        sites=tuple(sorted(means)),
        means=np.array([means[site] for site in sorted(means)]),
        precision=np.linalg.inv(spread),
    )


def site_unit(path: Path) -> dict:
    return {"walks": walks_of(path)}


def judge(walk: Walk, model: SiteModel) -> tuple[str, float, bool]:
    """Tell the likeliest place and its share when the finder would have to ask."""
    shares, distance = weigh_sites(model, walk.windows[:TOLD_WINDOWS].mean(axis=0))
    best = max(shares, key=lambda site: shares[site])
    found = shares[best] >= SURE and distance <= FARTHEST and best != "elsewhere"
    return best, shares[best], found


def reduce_sites(results: list[dict]) -> list[Line]:
    walks = [w for r in results for w in r["walks"] if len(w.windows) >= FEWEST_WINDOWS]
    line = Line("site", "where a sensor is worn, found from a walk, its person left out", "-", "-")
    right = wrong = 0
    for walk in walks:
        others = [w for w in walks if w.person != walk.person]
        best, share, found = judge(walk, learn(others))
        never = walk.site not in {w.site for w in others}
        right += found and best == walk.site
        wrong += found and best != walk.site
        told = "found" if found else "asked"
        line.notes.append(
            f"{walk.id}: {walk.site} -> {best} {share:.2f}, {told}"
            + (" (nobody else wore one there)" if never else "")
        )
    line.ours = f"{right} found rightly, {wrong} wrongly, {len(walks) - right - wrong} asked"
    line.reached = wrong == 0
    return [line]


def units() -> dict[str, tuple[list, object]]:
    paths = [*sidecars("gait"), *sidecars("replay", "musicwalk"), *sidecars("replay", "garmin")]
    return {"site": ([partial(site_unit, p) for p in paths], reduce_sites)}


def main() -> None:
    walks = [w for unit in units()["site"][0] for w in unit()["walks"]]
    model = learn(walks)
    print("sites", model.sites)
    print("means", np.round(model.means, 2).tolist())
    print("precision", np.round(model.precision, 2).tolist())
    print("kept alike:", np.allclose(model.means, MODEL.means, atol=0.01))


if __name__ == "__main__":
    main()
