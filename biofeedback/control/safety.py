"""The last gate: what a law wishes becomes what is allowed. Nothing gets past it.

Rules, each the minimum of independent limits, each leaving its word in ``limits_hit``:

* a wish that is not finite is not used: the value before stays;
* tempo stays inside 40..180 and inside the band round the prescribed baseline, and moves by at
  most the slew limit of the plan, or of the law where that is lower, per elapsed second (an
  elapsed time above 0.1 s counts as 0.1 s: F50);
* energy, density, level and the energy of each part rise slowly and fall freely;
* a swell that is heard is one that people may breathe with: 4 to 10 a minute, changed by at most
  0.5 in 30 s (H15);
* HOLD freezes tempo, level and energy; EASE glides to neutral and fades, whatever the wish;
* while a heart rate is above its ceiling nothing rises.

On doubt: neutral, never more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import msgspec

from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S, TEMPO_MAX_BPM, TEMPO_MIN_BPM
from biofeedback.messages import Limit, MusicParameters, Part, SessionState

if TYPE_CHECKING:
    from biofeedback.control.limits import Limits

LONGEST_STEP_S = 0.1
EASE_TEMPO_BPM_PER_S = 1.0
EASE_LEVEL_DB = 6.0
EASE_LEVEL_DB_PER_S = 0.6
EASE_TEXTURE_PER_S = 0.1
TEXTURE_RISE_PER_S = 0.5
ONE_BEAT_A_SECOND_BPM = 60.0
LARGEST = 1e15
"""Beyond it a number is no music parameter but a mistake."""

LOWEST_LEVEL_DB = -60.0
START_LEVEL_DB = -20.0
LOWEST_CAP_DB = -30.0
LARGEST_CAP_CHANGE_DB = 12.0
SLOWEST_SWELL_BRPM = 4.0
FASTEST_SWELL_BRPM = 10.0
SWELL_CHANGE_BRPM_PER_S = 0.5 / 30.0
HEARD_SWELL = 0.05
"""A swell as shallow as this paces nobody: under it the rate may be chosen anew."""

LIMIT_WORDS = get_args(Limit)

_LOWEST = MusicParameters(
    tempo_bpm=0.0,
    energy=0.0,
    density=0.0,
    brightness=0.0,
    articulation=0.0,
    tension=0.0,
    swell=0.0,
    register=-1.0,
    level_db=LOWEST_LEVEL_DB,
    place=-1.0,
    swell_brpm=SLOWEST_SWELL_BRPM,
)
_HIGHEST = MusicParameters(
    tempo_bpm=1000.0,
    energy=1.0,
    density=1.0,
    brightness=1.0,
    articulation=1.0,
    tension=1.0,
    swell=1.0,
    register=1.0,
    level_db=0.0,
    place=1.0,
    swell_brpm=FASTEST_SWELL_BRPM,
)
_RANGES = tuple(
    (name, getattr(_LOWEST, name), getattr(_HIGHEST, name))
    for name in MusicParameters.__struct_fields__
)
_LOWEST_VALUES = msgspec.structs.astuple(_LOWEST)
_HIGHEST_VALUES = msgspec.structs.astuple(_HIGHEST)
_SILENT_PART = Part(energy=0.0)


class Allowed(msgspec.Struct, frozen=True, gc=False):
    """What the music may be now, and which limits changed the wish."""

    parameters: MusicParameters
    limits_hit: tuple[Limit, ...]
    parts: tuple[Part, ...] = ()


class Safety:
    """Holds what was allowed last, because most limits are about change."""

    def __init__(
        self,
        limits: Limits,
        neutral: MusicParameters,
        *,
        law_slew_ratio_per_s: float = FOLLOW_SLEW_RATIO_PER_S,
    ) -> None:
        self._limits = limits
        self._slew_ratio_per_s = 0.0
        self.govern(law_slew_ratio_per_s)
        tempo_bpm = min(max(neutral.tempo_bpm, limits.tempo_low_bpm), limits.tempo_high_bpm)
        level_db = min(START_LEVEL_DB, limits.level_max_db)
        # A neutral tempo outside the band would have EASE glide out of it.
        self._neutral = msgspec.structs.replace(neutral, tempo_bpm=tempo_bpm)
        self._last = msgspec.structs.replace(self._neutral, level_db=level_db)
        self._last_parts: tuple[Part, ...] = ()
        self._ease_floor_db: float | None = None
        self._cap_db = limits.level_max_db
        self._tempo_ranges: tuple[tuple[float, float, Limit], ...] = (
            (TEMPO_MIN_BPM, TEMPO_MAX_BPM, "tempo_absolute"),
            (limits.tempo_low_bpm, limits.tempo_high_bpm, "tempo_band"),
        )

    @property
    def last(self) -> MusicParameters:
        """What was allowed last."""
        return self._last

    @property
    def last_parts(self) -> tuple[Part, ...]:
        """What the parts were allowed last."""
        return self._last_parts

    def govern(self, law_slew_ratio_per_s: float) -> None:
        """Let a law take over: its own limit counts where it is below the plan's.

        One that is no positive number lets the tempo stand.
        """
        plan = self._limits.tempo_slew_ratio_per_s
        self._slew_ratio_per_s = (
            min(plan, law_slew_ratio_per_s) if law_slew_ratio_per_s > 0 else 0.0
        )

    def cap_level(self, change_db: float) -> float:
        """Let staff move the most that the level may be; return it. Never above the plan's."""
        if math.isfinite(change_db):
            cap_db = self._cap_db + min(
                max(change_db, -LARGEST_CAP_CHANGE_DB), LARGEST_CAP_CHANGE_DB
            )
            self._cap_db = min(max(cap_db, LOWEST_CAP_DB), self._limits.level_max_db)
        return self._cap_db

    def limit(
        self,
        wish: MusicParameters,
        *,
        state: SessionState,
        elapsed_s: float,
        may_rise: bool,
        parts: tuple[Part, ...] = (),
    ) -> Allowed:
        """Turn a wish into what is allowed.

        Args:
            wish: Anything, NaN and infinity included.
            state: The session's state.
            elapsed_s: Real time since the last call; at most 0.1 s of it counts.
            may_rise: False while a heart rate is above its ceiling.
            parts: What each part should do; one that is new begins from silence.
        """
        hit: dict[Limit, None] = {}
        step_s = min(max(elapsed_s, 0.0), LONGEST_STEP_S) if math.isfinite(elapsed_s) else 0.0
        wanted = self._refuse_not_finite(wish, hit)
        if state != "EASE":
            self._ease_floor_db = None
        if state == "EASE":
            hit["easing"] = None
            allowed = self._ease(step_s, may_rise)
            if self._last_parts:
                self._ease_parts(step_s)
        elif state in {"RUN", "CALIBRATE"}:
            allowed = self._move(wanted, step_s, may_rise, hit)
            if parts or self._last_parts:
                self._move_parts(parts, step_s, may_rise, hit)
        else:
            hit["frozen"] = None
            allowed = self._last
        if allowed.level_db > self._cap_db:
            # Also while all is held: to become quieter is always allowed.
            hit["level_ceiling"] = None
            allowed = msgspec.structs.replace(allowed, level_db=self._cap_db)
        self._last = allowed
        if not hit:
            return Allowed(allowed, (), self._last_parts)
        words: tuple[Limit, ...] = tuple([word for word in LIMIT_WORDS if word in hit])
        return Allowed(allowed, words, self._last_parts)

    def _refuse_not_finite(self, wish: MusicParameters, hit: dict[Limit, None]) -> MusicParameters:
        values = msgspec.structs.astuple(wish)
        for value, low, high in zip(values, _LOWEST_VALUES, _HIGHEST_VALUES, strict=True):
            # A comparison with NaN is false.
            if type(value) is not float or not low <= value <= high:
                break
        else:
            return wish
        usable: dict[str, float] = {}
        for value, (name, low, high) in zip(values, _RANGES, strict=True):
            # A law may also return None, infinity or a huge int (F58).
            if not isinstance(value, (int, float)) or not -LARGEST <= value <= LARGEST:
                hit["not_finite"] = None
                value = getattr(self._last, name)  # noqa: PLW2901 - the value that is used instead
            usable[name] = min(max(float(value), low), high)
        return MusicParameters(**usable)

    def _move(
        self,
        wanted: MusicParameters,
        step_s: float,
        may_rise: bool,  # noqa: FBT001 - private, and named at its only call
        hit: dict[Limit, None],
    ) -> MusicParameters:
        last = self._last
        rise = TEXTURE_RISE_PER_S * step_s if may_rise else 0.0
        energy = min(wanted.energy, last.energy + rise)
        density = min(wanted.density, last.density + rise)
        brightness = min(wanted.brightness, last.brightness + rise)
        if energy < wanted.energy or density < wanted.density or brightness < wanted.brightness:
            hit["energy_rise" if may_rise else "heart_rate_ceiling"] = None
        allowed = msgspec.structs.replace(
            wanted,
            tempo_bpm=self._limit_tempo(wanted.tempo_bpm, step_s, may_rise, hit),
            energy=energy,
            density=density,
            brightness=brightness,
            level_db=self._limit_level(wanted.level_db, step_s, may_rise, hit),
            swell_brpm=self._limit_swell_brpm(wanted.swell_brpm, step_s, hit),
        )
        if may_rise:
            return allowed
        # Above a ceiling nothing gets more urgent in any other way either.
        return msgspec.structs.replace(
            allowed,
            articulation=min(wanted.articulation, last.articulation),
            tension=min(wanted.tension, last.tension),
            swell=min(wanted.swell, last.swell),
            register=min(wanted.register, last.register),
            place=last.place,
            swell_brpm=min(allowed.swell_brpm, last.swell_brpm),
        )

    def _move_parts(
        self,
        wanted: tuple[Part, ...],
        step_s: float,
        may_rise: bool,  # noqa: FBT001
        hit: dict[Limit, None],
    ) -> None:
        rise = TEXTURE_RISE_PER_S * step_s if may_rise else 0.0
        allowed: list[Part] = []
        for index, part in enumerate(wanted):
            known = index < len(self._last_parts)
            last = self._last_parts[index] if known else _SILENT_PART
            energy = _usable(part.energy, last.energy, hit)
            if energy > last.energy + rise:
                hit["energy_rise" if may_rise else "heart_rate_ceiling"] = None
                energy = last.energy + rise
            place = _usable(part.place, last.place, hit)
            allowed.append(
                Part(
                    energy=min(max(energy, 0.0), 1.0),
                    place=min(max(place, -1.0), 1.0) if may_rise or not known else last.place,
                )
            )
        self._last_parts = tuple(allowed)

    def _ease_parts(self, step_s: float) -> None:
        fall = EASE_TEXTURE_PER_S * step_s
        self._last_parts = tuple(
            [
                Part(energy=max(0.0, part.energy - fall), place=part.place)
                for part in self._last_parts
            ]
        )

    def _limit_tempo(
        self,
        wanted_bpm: float,
        step_s: float,
        may_rise: bool,  # noqa: FBT001
        hit: dict[Limit, None],
    ) -> float:
        last_bpm = self._last.tempo_bpm
        slew_bpm = _slew_bpm(last_bpm, self._slew_ratio_per_s, step_s)
        ranges: tuple[tuple[float, float, Limit], ...] = (
            *self._tempo_ranges,
            (last_bpm - slew_bpm, last_bpm + slew_bpm, "tempo_slew"),
        )
        tempo_bpm = wanted_bpm
        for low_bpm, high_bpm, word in ranges:
            if not low_bpm <= tempo_bpm <= high_bpm:
                hit[word] = None
                tempo_bpm = low_bpm if tempo_bpm < low_bpm else high_bpm
        if tempo_bpm > last_bpm and not may_rise:
            hit["heart_rate_ceiling"] = None
            return last_bpm
        return tempo_bpm

    def _limit_level(
        self,
        wanted_db: float,
        step_s: float,
        may_rise: bool,  # noqa: FBT001
        hit: dict[Limit, None],
    ) -> float:
        level_db = wanted_db
        if level_db > self._cap_db:
            hit["level_ceiling"] = None
            level_db = self._cap_db
        rise_db = self._limits.level_rise_db_per_s * step_s if may_rise else 0.0
        if level_db > self._last.level_db + rise_db:
            hit["level_rise"] = None
            level_db = self._last.level_db + rise_db
        return level_db

    def _limit_swell_brpm(self, wanted_brpm: float, step_s: float, hit: dict[Limit, None]) -> float:
        """Keep whoever breathes with the swell from being hurried (H15)."""
        last = self._last
        if last.swell <= HEARD_SWELL:
            return wanted_brpm
        change_brpm = SWELL_CHANGE_BRPM_PER_S * step_s
        swell_brpm = min(
            max(wanted_brpm, last.swell_brpm - change_brpm), last.swell_brpm + change_brpm
        )
        if swell_brpm != wanted_brpm:
            hit["breath_pace"] = None
        return swell_brpm

    def _ease(self, step_s: float, may_rise: bool) -> MusicParameters:  # noqa: FBT001
        last = self._last
        if self._ease_floor_db is None:
            self._ease_floor_db = max(LOWEST_LEVEL_DB, last.level_db - EASE_LEVEL_DB)
        slew_bpm = _slew_bpm(last.tempo_bpm, self._limits.tempo_slew_ratio_per_s, step_s)
        change_bpm = min(EASE_TEMPO_BPM_PER_S * step_s, slew_bpm)
        towards_bpm = self._neutral.tempo_bpm - last.tempo_bpm
        rise_bpm = change_bpm if may_rise else 0.0
        fall = EASE_TEXTURE_PER_S * step_s
        level_db = max(self._ease_floor_db, last.level_db - EASE_LEVEL_DB_PER_S * step_s)
        return msgspec.structs.replace(
            last,
            tempo_bpm=last.tempo_bpm + min(max(towards_bpm, -change_bpm), rise_bpm),
            energy=max(0.0, last.energy - fall),
            density=max(0.0, last.density - fall),
            brightness=max(0.0, last.brightness - fall),
            # Staff may have lowered it below the floor.
            level_db=min(last.level_db, level_db),
        )


def _usable(value: object, last: float, hit: dict[Limit, None]) -> float:
    """Return a number that can be used, or the last one."""
    if isinstance(value, (int, float)) and -LARGEST <= value <= LARGEST:
        return float(value)
    hit["not_finite"] = None
    return last


def _slew_bpm(tempo_bpm: float, ratio_per_s: float, step_s: float) -> float:
    """Tell how far the tempo may move: no more in a beat than in a second, however slow (H06)."""
    return tempo_bpm * ratio_per_s * step_s * min(1.0, tempo_bpm / ONE_BEAT_A_SECOND_BPM)
