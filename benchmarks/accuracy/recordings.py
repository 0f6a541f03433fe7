"""Recordings with references, read with numpy alone, and made recordings, written."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = SHARED / "data"


def load_scorer() -> ModuleType:
    """Import the scorer that lies with the recordings (numpy only)."""
    name = "biofeedback_scorer"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, DATA / "measure" / "score.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@dataclass
class Recorded:
    """A recording in physical units; ``columns`` and ``refs[name]`` map names to (n,) arrays."""

    path: Path
    id: str
    meta: dict
    t: np.ndarray
    columns: dict[str, np.ndarray]
    refs: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        return float(self.meta["duration_s"])

    def exclude(self) -> list[list[float]]:
        """Stretches that mustn't be scored, as the scorer reads them from the notes."""
        notes = self.meta.get("notes", "")
        if "flutter" in notes and "[[" in notes:
            return json.loads(notes[notes.index("[[") : notes.index("]]") + 2])
        return []


def sidecars(kind: str, prefix: str = "") -> list[Path]:
    return sorted(p for p in (DATA / kind).glob("*.json") if p.name.startswith(prefix))


def read_columns(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.reader(file))
    found = {}
    for name, cells in zip(rows[0], zip(*rows[1:], strict=True), strict=True):
        try:
            found[name] = np.array([float(c) if c else np.nan for c in cells])
        except ValueError:
            found[name] = np.array(cells)
    return found


def read(path: Path) -> Recorded:
    meta = json.loads(path.read_text())
    columns = read_columns(path.with_name(meta["file"]))
    for name, values in columns.items():
        spec = meta["columns"].get(name, {})
        if isinstance(spec, dict) and "scale" in spec:
            columns[name] = values * spec["scale"] + spec.get("offset", 0)
    n = len(next(iter(columns.values())))
    t = columns["t"] if "t" in columns else np.arange(n) / meta["fs_hz"]
    refs = {r["name"]: read_columns(path.with_name(r["file"])) for r in meta["reference"]}
    return Recorded(path, meta["id"], meta, t, columns, refs)


def write(
    folder: Path, name: str, *, meta: dict, columns: Mapping[str, np.ndarray], units: dict[str, str]
) -> Path:
    """Write a made recording (no references); return its sidecar."""
    table = folder / f"{name}.csv"
    with table.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(zip(*(np.round(c, 6).tolist() for c in columns.values()), strict=True))
    sidecar = folder / f"{name}.json"
    told = {**meta, "id": name, "file": table.name, "reference": []}
    told["columns"] = {c: {"unit": units[c], "scale": 1.0, "offset": 0.0} for c in columns}
    if "t" in columns:
        told["columns"]["t"] = "s"
        told["fs_hz"] = None
    sidecar.write_text(json.dumps(told))
    return sidecar
