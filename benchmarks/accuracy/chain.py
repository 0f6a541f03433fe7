"""Run the live chain over a recording, as ``biofeedback measure`` does."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.app import make_engine
from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken, NoticeGiven, PacketReceived
from biofeedback.settings import Settings
from biofeedback.simulate.recording import open_recording

if TYPE_CHECKING:
    from pathlib import Path

MIN_QUALITY = 0.5
"""What the scorer of the recordings asks of a row that counts."""


@dataclass
class Known:
    """What became known. ``rows[name]`` has shape (n, 3): known at s, value, quality.

    The value of an event is its own instant in s; ``strengths`` has the strength of gestures.
    """

    rows: dict[str, np.ndarray] = field(default_factory=dict)
    strengths: np.ndarray = field(default_factory=lambda: np.empty(0))
    notices: list[tuple[float, str]] = field(default_factory=list)
    cpu_s: float = 0.0
    duration_s: float = 0.0

    def all(self, name: str) -> np.ndarray:
        return self.rows.get(name, np.empty((0, 3)))

    def good(self, name: str) -> np.ndarray:
        rows = self.all(name)
        return rows[rows[:, 2] >= MIN_QUALITY]

    def has(self, name: str) -> bool:
        return len(self.all(name)) > 0


def measure(path: Path) -> Known:
    """Measure one recording; what it costs leaves out reading the file."""
    source = open_recording(path)
    engine = make_engine(Settings())
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    strengths: list[float] = []
    known = Known(duration_s=source.duration_s)
    while source.next_at_ns() is not None:
        message = source.take()
        begin = time.process_time()
        outputs = engine.handle(message)
        if isinstance(message, PacketReceived):
            known.cpu_s += time.process_time() - begin
        for found in outputs:
            at_s = found.at_ns / NS_PER_S
            if isinstance(found, MeasureTaken):
                rows[found.measure].append((at_s, found.value, found.quality))
            elif isinstance(found, EventDetected):
                rows[found.event].append((at_s, found.event_ns / NS_PER_S, found.quality))
                if found.event == "gesture":
                    strengths.append(found.strength or 0.0)
            elif isinstance(found, NoticeGiven):
                known.notices.append((at_s, found.code))
    known.rows = {name: np.array(found) for name, found in rows.items()}
    known.strengths = np.array(strengths)
    return known
