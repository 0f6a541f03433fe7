"""Limits of a plan, inside hard bounds (safety.md, section 0)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

TEMPO_MIN_BPM = 40.0
TEMPO_MAX_BPM = 180.0
HEART_RATE_CEILING_MIN_BPM = 60.0
HEART_RATE_CEILING_MAX_BPM = 200.0

FOLLOW_SLEW_RATIO_PER_S = 0.02
GROUP_SLEW_RATIO_PER_S = 0.01
LEAD_SLEW_RATIO_PER_S = 0.004
RELAX_SLEW_RATIO_PER_S = 0.001
"""How fast the tempo may move when music follows, keeps a group together, leads, or calms."""

TempoBpm = Annotated[float, Meta(ge=TEMPO_MIN_BPM, le=TEMPO_MAX_BPM)]
HeartRateBpm = Annotated[float, Meta(ge=HEART_RATE_CEILING_MIN_BPM, le=HEART_RATE_CEILING_MAX_BPM)]
RestingHeartRateBpm = Annotated[float, Meta(ge=30, le=120)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What safety enforces. The band lies round the *prescribed* baseline, never a learned one."""

    tempo_baseline_bpm: TempoBpm = 100.0
    tempo_band_ratio: Annotated[float, Meta(gt=0, le=0.4)] = 0.4
    tempo_slew_ratio_per_s: Annotated[float, Meta(gt=0, le=0.02)] = 0.02
    level_max_db: Annotated[float, Meta(ge=-60, le=0)] = 0.0
    level_rise_db_per_s: Annotated[float, Meta(gt=0, le=6)] = 6.0
    time_limit_s: Annotated[float, Meta(ge=60, le=3600)] = 1200.0

    @property
    def tempo_low_bpm(self) -> float:
        """Lower edge of what the tempo may be."""
        return max(TEMPO_MIN_BPM, self.tempo_baseline_bpm * (1 - self.tempo_band_ratio))

    @property
    def tempo_high_bpm(self) -> float:
        """Upper edge of what the tempo may be."""
        return min(TEMPO_MAX_BPM, self.tempo_baseline_bpm * (1 + self.tempo_band_ratio))
