"""Each curve is monotone, keeps its promised ends, and survives any value."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest

from biofeedback.messages import MusicParameters
from biofeedback.music import mapping
from biofeedback.music.style import Voice

if TYPE_CHECKING:
    from collections.abc import Callable

NEUTRAL = MusicParameters(
    tempo_bpm=110.0,
    energy=0.5,
    density=0.5,
    brightness=0.5,
    articulation=0.5,
    tension=0.0,
    swell=0.5,
    register=0.0,
    level_db=0.0,
)
VOICE = Voice(rest_db=-20.0, full_db=-4.0)


def gates(parameters: MusicParameters) -> dict[str, float]:
    opened = mapping.open_gates(parameters.energy, parameters)
    return {name: opened[place] for name, place in mapping.GATES.items()}


CURVES: dict[str, tuple[str, Callable[[MusicParameters], float], float, float]] = {
    "energy opens all gates": ("energy", lambda p: gates(p)["energy"], 0.0, 1.0),
    "density opens ornament": ("density", lambda p: gates(p)["ornament"], 0.15, 0.85),
    "brightness opens sparkle": ("brightness", lambda p: gates(p)["sparkle"], 0.35, 0.65),
    "energy lifts levels": (
        "energy",
        lambda p: mapping.layer_level_db("bass", VOICE, p.energy, p),
        -20.0,
        -4.0,
    ),
    "brightness lifts the hat": (
        "brightness",
        lambda p: mapping.layer_level_db("hat", VOICE, p.energy, p),
        -16.0,
        -8.0,
    ),
    "articulation shortens": ("articulation", lambda p: -mapping.length_ratio(p), -1.05, -0.3),
    "brightness lengthens hats": ("brightness", mapping.hat_length_ratio, 0.5, 1.5),
    "the swell lifts where it is high": (
        "swell",
        lambda p: mapping.swell_level_db(p, 1.0),
        0.0,
        3.0,
    ),
    "tension brings colour forward": ("tension", mapping.colour_level_db, -6.0, 0.0),
    "tension stretches harmony": ("tension", lambda p: mapping.choose_colour(p, (0, 4)), 0, 4),
    "a rich style begins richer": ("tension", lambda p: mapping.choose_colour(p, (1, 3)), 1, 3),
    "a part that nobody owns joins in": (
        "energy",
        lambda p: mapping.join_in(p.energy, 0.4) or 0.0,
        0.0,
        1.0,
    ),
}


@pytest.mark.parametrize("name", sorted(CURVES))
def test_a_curve_rises_between_its_ends(name: str) -> None:
    field, curve, low, high = CURVES[name]
    values = [curve(msgspec.structs.replace(NEUTRAL, **{field: step / 50})) for step in range(51)]
    assert all(after >= before for before, after in pairwise(values))
    assert values[0] == pytest.approx(low)
    assert values[-1] == pytest.approx(high)


def test_register_moves_by_an_octave_each_way() -> None:
    asked = [msgspec.structs.replace(NEUTRAL, register=step / 20) for step in range(-20, 21)]
    degrees = [mapping.shift_degrees(p) for p in asked]
    inversions = [mapping.shift_inversions(p) for p in asked]
    assert degrees == sorted(degrees)
    assert (degrees[0], degrees[20], degrees[-1]) == (-7, 0, 7)
    assert inversions == sorted(inversions)
    assert (inversions[0], inversions[20], inversions[-1]) == (-3, 0, 3)


def test_the_beat_is_kept_plain_when_it_is_slow_or_fast() -> None:
    asked = [msgspec.structs.replace(NEUTRAL, tempo_bpm=float(bpm)) for bpm in range(40, 181)]
    offbeat = [mapping.offbeat_level_db(p.tempo_bpm) for p in asked]
    fast = [mapping.fast_level_db(p.tempo_bpm) for p in asked]
    assert offbeat == sorted(offbeat)
    assert fast == sorted(fast, reverse=True)
    assert offbeat[60 - 40] == -5.0
    assert mapping.offbeat_level_db(76.0, in_threes=True) == -18.0
    assert offbeat[96 - 40 :] == [0.0] * 85
    assert fast[: 121 - 40] == [0.0] * 81
    assert fast[140 - 40] == -8.0


def test_at_half_time_nothing_is_fast_and_every_felt_beat_stays() -> None:
    assert mapping.offbeat_level_db(90.0, time_ratio=2.0) == 0.0
    assert mapping.offbeat_level_db(100.0, time_ratio=3.0, in_threes=True) == 0.0
    assert mapping.fast_level_db(140.0, time_ratio=2.0) == 0.0
    assert mapping.fast_level_db(140.0, time_ratio=3.0) == 0.0
    assert mapping.fast_level_db(80.0, time_ratio=0.5) == 0.0


def test_strength_decides_how_loud_and_high_a_gesture_is_answered() -> None:
    assert mapping.accent_level_db(VOICE, 0.0) == -20.0
    assert mapping.accent_level_db(VOICE, 1.0) == -4.0
    assert mapping.accent_level_db(VOICE, 7.0) == -4.0
    assert mapping.accent_degrees(0.0) == 0
    assert mapping.accent_degrees(1.0) == 7


def test_velocity_is_an_amplitude_of_at_most_one() -> None:
    assert mapping.velocity(0.0) == 1.0
    assert mapping.velocity(-20.0) == pytest.approx(0.1)
    assert mapping.velocity(6.0) == 1.0


def test_a_value_that_is_no_number_counts_as_neutral() -> None:
    nan = float("nan")
    told = MusicParameters(
        tempo_bpm=nan,
        energy=nan,
        density=nan,
        brightness=nan,
        articulation=nan,
        tension=nan,
        swell=nan,
        register=nan,
        level_db=nan,
    )
    broken = mapping.keep_in_range(told)
    quiet = msgspec.structs.replace(NEUTRAL, energy=0.0)
    assert gates(broken) == gates(quiet)
    assert mapping.length_ratio(broken) == mapping.length_ratio(quiet)
    assert mapping.shift_degrees(broken) == 0
    assert mapping.choose_colour(broken, (0, 4)) == 0
    assert mapping.join_in(nan, 0.1) is None
    assert mapping.offbeat_level_db(nan) == 0.0
    assert mapping.fast_level_db(nan) == 0.0


@pytest.mark.parametrize(
    ("field", "low"),
    [
        *((name, 0.0) for name in ("energy", "density", "brightness", "articulation", "tension")),
        ("swell", 0.0),
        ("register", -1.0),
    ],
)
def test_what_is_out_of_range_is_brought_to_its_end(field: str, low: float) -> None:
    def kept(value: float) -> float:
        asked = msgspec.structs.replace(NEUTRAL, **{field: value})
        return getattr(mapping.keep_in_range(asked), field)

    assert (kept(-7.0), kept(low), kept(1.0), kept(float("inf"))) == (low, low, 1.0, 1.0)
    assert kept(0.7) == 0.7
    assert mapping.keep_in_range(NEUTRAL) is NEUTRAL
