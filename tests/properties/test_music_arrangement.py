"""Planning under any parameters and any cuts, for each style."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import NS_PER_MS, TICKS_PER_BEAT, MusicParameters, Part
from biofeedback.music.arrangement import Moment, plan_notes
from biofeedback.music.gesture import plan_answer
from biofeedback.music.styles import STYLES

if TYPE_CHECKING:
    from biofeedback.music.style import Style

BAR = 4 * TICKS_PER_BEAT
KNOWN = {
    f"{style.name} {style.meter.name}": style
    for known in STYLES.values()
    for style in (known, *known.other_meters)
}
ratios = st.floats(min_value=0.0, max_value=1.0)
seeds = st.integers(min_value=0, max_value=2**63)
ticks = st.integers(min_value=0, max_value=400 * BAR)
parameters = st.builds(
    MusicParameters,
    tempo_bpm=st.floats(min_value=40.0, max_value=180.0),
    energy=ratios,
    density=ratios,
    brightness=ratios,
    articulation=ratios,
    tension=ratios,
    swell=ratios,
    register=st.floats(min_value=-1.0, max_value=1.0),
    level_db=st.floats(min_value=-40.0, max_value=0.0),
)
anything = st.floats(allow_nan=True, allow_infinity=True)
wild = st.builds(
    MusicParameters,
    tempo_bpm=anything,
    energy=anything,
    density=anything,
    brightness=anything,
    articulation=anything,
    tension=anything,
    swell=anything,
    register=anything,
    level_db=anything,
)
time_ratios = st.sampled_from((0.5, 1.0, 2.0, 3.0))
moments = st.builds(
    Moment,
    scene=st.integers(0, 1000),
    parts=st.lists(st.builds(Part, energy=ratios, place=ratios), max_size=8).map(tuple),
    gate_energy=st.none() | ratios,
    swell_wave=ratios,
    time_ratio=time_ratios,
)
wild_moments = st.builds(
    Moment,
    scene=st.integers(0, 1000),
    parts=st.lists(st.builds(Part, energy=anything, place=anything), max_size=9).map(tuple),
    gate_energy=st.none() | anything,
    swell_wave=anything,
    time_ratio=time_ratios,
)
every_style = pytest.mark.parametrize("style", KNOWN.values(), ids=KNOWN)


@every_style
@settings(deadline=None)
@given(
    seeds,
    ticks,
    st.lists(st.integers(0, BAR), min_size=1, max_size=6),
    parameters,
    moments,
)
def test_a_plan_is_the_sum_of_its_parts(
    style: Style, seed: int, start: int, lengths: list[int], asked: MusicParameters, moment: Moment
) -> None:
    pieces = []
    cut = start
    for length in lengths:
        pieces += plan_notes(style, seed, cut, cut + length, asked, moment=moment)
        cut += length
    assert plan_notes(style, seed, start, cut, asked, moment=moment) == pieces


@every_style
@settings(deadline=None)
@given(seeds, ticks, parameters, ratios, ratios)
def test_more_energy_or_density_takes_no_note_away(
    style: Style, seed: int, start: int, asked: MusicParameters, energy: float, density: float
) -> None:
    low, high = sorted((asked.energy, energy))
    sparse, dense = sorted((asked.density, density))

    def places(energy: float, density: float) -> set[tuple[object, ...]]:
        now = MusicParameters(
            tempo_bpm=asked.tempo_bpm,
            energy=energy,
            density=density,
            brightness=asked.brightness,
            articulation=asked.articulation,
            tension=asked.tension,
            swell=asked.swell,
            register=asked.register,
            level_db=asked.level_db,
        )
        return {
            (note.tick, note.layer, note.pitch_midi, note.offset_ns)
            for note in plan_notes(style, seed, start, start + BAR, now)
        }

    assert places(low, sparse) <= places(high, sparse) <= places(high, dense)


@every_style
@settings(deadline=None)
@given(seeds, st.integers(-10 * BAR, 2000 * BAR), wild, wild_moments)
def test_whatever_is_asked_each_note_can_be_played(
    style: Style, seed: int, start: int, asked: MusicParameters, moment: Moment
) -> None:
    notes = plan_notes(style, seed, start, start + BAR, asked, moment=moment)
    assert [note.tick for note in notes] == sorted(note.tick for note in notes)
    assert len({(note.tick, note.layer, note.pitch_midi) for note in notes}) == len(notes)
    answer = plan_answer(style, seed, start, asked.energy, asked, direction="rotation")
    for note in [*notes, *answer]:
        assert start <= note.tick < start + BAR
        assert note.duration_ticks > 0
        assert 0.0 < note.velocity <= 1.0
        assert math.isfinite(note.velocity)
        assert -1.0 <= note.pan <= 1.0
        assert 0 <= note.offset_ns <= 12 * NS_PER_MS
        assert note.layer != "kick" or note.offset_ns == 0
        assert note.pitch_midi is not None or note.layer in style.unpitched_layers
        assert note.pitch_midi is None or 24 <= note.pitch_midi <= 100
