"""Songwriting: tempo, melody and groove drawn with the body; what is accepted is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

NAMES = ("tempo_bpm", "slots_accepted", "slots_open", "takes_rejected")


def _tell(report: Report) -> Outcomes:
    return {name: report.last("songwrite", name) for name in NAMES}


SONGWRITING = Therapy(
    name="songwriting",
    title="writing a song",
    laws=frozenset({"listen", "songwrite", "relax"}),
    names=NAMES,
    outcomes=_tell,
)
