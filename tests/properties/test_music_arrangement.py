"""Planning under any parameters and any cuts, for each style."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import NS_PER_MS, TICKS_PER_BEAT, MusicParameters
from biofeedback.music.arrangement import plan_accent, plan_notes
from biofeedback.music.styles import STYLES

BAR = 4 * TICKS_PER_BEAT
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
every_style = pytest.mark.parametrize("name", sorted(STYLES))


@every_style
@settings(deadline=None)
@given(seeds, ticks, st.lists(st.integers(0, BAR), min_size=1, max_size=6), parameters)
def test_a_plan_is_the_sum_of_its_parts(
    name: str, seed: int, start: int, lengths: list[int], asked: MusicParameters
) -> None:
    style = STYLES[name]
    pieces = []
    cut = start
    for length in lengths:
        pieces += plan_notes(style, seed, cut, cut + length, asked)
        cut += length
    assert plan_notes(style, seed, start, cut, asked) == pieces


@every_style
@settings(deadline=None)
@given(seeds, ticks, parameters, ratios, ratios)
def test_more_energy_or_density_takes_no_note_away(
    name: str, seed: int, start: int, asked: MusicParameters, energy: float, density: float
) -> None:
    style = STYLES[name]
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
@given(seeds, st.integers(-10 * BAR, 2000 * BAR), wild)
def test_whatever_is_asked_each_note_can_be_played(
    name: str, seed: int, start: int, asked: MusicParameters
) -> None:
    style = STYLES[name]
    notes = plan_notes(style, seed, start, start + BAR, asked)
    assert [note.tick for note in notes] == sorted(note.tick for note in notes)
    assert len({(note.tick, note.layer, note.pitch_midi) for note in notes}) == len(notes)
    for note in [*notes, plan_accent(style, seed, start, asked.energy, asked)]:
        assert start <= note.tick < start + BAR
        assert note.duration_ticks > 0
        assert 0.0 < note.velocity <= 1.0
        assert math.isfinite(note.velocity)
        assert -1.0 <= note.pan <= 1.0
        assert 0 <= note.offset_ns <= 12 * NS_PER_MS
        assert note.layer != "kick" or note.offset_ns == 0
        assert (note.pitch_midi is None) == (note.layer in {"kick", "snare", "hat"})
        assert note.pitch_midi is None or 24 <= note.pitch_midi <= 100
