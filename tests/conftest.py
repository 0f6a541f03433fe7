"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from biofeedback.samples import BodyState

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recordings and packet vectors beside the checkout, or a skip."""
    if not (SHARED / "facts" / "vectors.json").is_file():
        pytest.skip("../shared is absent: recordings and captured packets stay outside the project")
    return SHARED


@pytest.fixture(scope="session")
def body() -> Callable[..., BodyState]:
    """Make a body state; what isn't given is a healthy resting person with fresh sensors."""

    def make(**known: object) -> BodyState:
        rest: dict[str, object] = {
            "wearer": "p1",
            "has_motion": True,
            "has_heart": True,
            "motion_age_ms": 50.0,
            "heart_age_ms": 500.0,
            "heart_rate_bpm": 65.0,
            "heart_rate_doubted": False,
            "heart_quality": 1.0,
            "walking": False,
            "cadence_spm": None,
            "last_step_ns": None,
            "activity_mps2": 0.1,
            "activity_ratio": 0.0,
            "sustained_ratio": 0.5,
            "tilt_ratio": 0.5,
            "motion_quality": 1.0,
        }
        return BodyState(**(rest | known))

    return make
