"""What the arrangement of ``walk`` promises, measured on what it plans."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import pytest

from biofeedback.messages import TICKS_PER_BEAT, MusicParameters
from biofeedback.music.arrangement import PlannedNote, plan_accent, plan_notes
from biofeedback.music.form import find_key
from biofeedback.music.harmony import find_chord
from biofeedback.music.styles import STYLES

WALK = STYLES["walk"]
BAR = WALK.ticks_per_bar
TEN_MINUTES_BARS = 10 * 110 // 4
SEEDS = range(6)
MIDDLE = MusicParameters(
    tempo_bpm=110.0,
    energy=0.7,
    density=0.5,
    brightness=0.5,
    articulation=0.4,
    tension=0.3,
    swell=0.5,
    register=0.0,
    level_db=0.0,
)


def ask(**changes: float) -> MusicParameters:
    return msgspec.structs.replace(MIDDLE, **changes)


def plan(seed: int, bars: int, **changes: float) -> list[PlannedNote]:
    return plan_notes(WALK, seed, 0, bars * BAR, ask(**changes))


def layers(notes: list[PlannedNote]) -> set[str]:
    return {note.layer for note in notes}


def passages(notes: list[PlannedNote], bars: int) -> Counter[tuple[object, ...]]:
    """Every passage of eight bars, starting at any bar."""
    by_bar: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for note in notes:
        by_bar[note.tick // BAR].append((note.layer, note.tick % BAR, note.pitch_midi))
    return Counter(
        tuple(tuple(by_bar[bar + k]) for k in range(8))
        for bar in range(bars - 7)
        if any(by_bar[bar + k] for k in range(8))
    )


def level_db(notes: list[PlannedNote]) -> float:
    """Level of the sum of independent notes, drums counted as short tones."""
    return 10.0 * math.log10(
        sum(
            note.velocity**2 * (60 if note.pitch_midi is None else note.duration_ticks)
            for note in notes
        )
    )


def test_layers_enter_with_energy() -> None:
    assert layers(plan(1, 32, energy=0.0)) == {"kick", "pad"}
    assert layers(plan(1, 32, energy=0.3)) >= {"kick", "pad", "bass"}
    assert layers(plan(1, 32, energy=0.45)) >= {"kick", "pad", "bass", "hat", "chords"}
    full = {"kick", "snare", "hat", "bass", "chords", "pad", "melody"}
    assert layers(plan(1, 32, energy=0.65)) == full


@pytest.mark.parametrize("seed", SEEDS)
def test_onset_density_follows_energy(seed: int) -> None:
    counts = [len(plan(seed, 32, energy=step / 20)) for step in range(21)]
    moments = [len({note.tick for note in plan(seed, 32, energy=step / 20)}) for step in range(21)]
    assert counts == sorted(counts)
    assert moments == sorted(moments)
    assert counts[-1] > 5 * counts[0]
    assert moments[-1] > 3 * moments[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_loudness_follows_energy(seed: int) -> None:
    levels = [level_db(plan(seed, 32, energy=step / 10)) for step in range(11)]
    assert all(later > before for before, later in pairwise(levels))
    assert 6.0 <= levels[-1] - levels[0] <= 10.0


@pytest.mark.parametrize("energy", [0.0, 0.3, 0.6, 1.0])
def test_the_kick_is_on_every_beat_and_never_late(energy: float) -> None:
    kicks = [note for note in plan(2, 8, energy=energy) if note.layer == "kick"]
    assert [note.tick for note in kicks] == [n * TICKS_PER_BEAT for n in range(32)]
    assert {note.offset_ns for note in kicks} == {0}


@pytest.mark.parametrize("seed", SEEDS)
def test_from_a_light_walk_on_the_bass_is_on_every_beat(seed: int) -> None:
    beats = {note.tick for note in plan(seed, 32, energy=0.3) if note.layer == "bass"}
    assert beats == {n * TICKS_PER_BEAT for n in range(128)}


@pytest.mark.parametrize("energy", [0.4, 0.6, 0.8, 1.0])
def test_accompaniment_is_softer_between_beats(energy: float) -> None:
    for layer in ("hat", "bass", "chords"):
        on: list[float] = []
        off: list[float] = []
        for note in plan(3, 64, energy=energy, tempo_bpm=80.0):
            if note.layer == layer:
                (off if note.tick % TICKS_PER_BEAT else on).append(note.velocity)
        assert not off or sum(off) / len(off) < 0.8 * sum(on) / len(on)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tension", [0.0, 0.5, 1.0])
def test_pitched_time_is_in_the_key_of_the_moment(seed: int, tension: float) -> None:
    inside = outside = 0
    for energy in (0.2, 0.6, 1.0):
        for note in plan(seed, 128, energy=energy, tension=tension, articulation=0.0):
            if note.pitch_midi is None:
                continue
            key = find_key(WALK, seed, note.tick // BAR)
            if note.pitch_midi % 12 in key.pitch_classes():
                inside += note.duration_ticks
            else:
                outside += note.duration_ticks
    assert inside >= 0.97 * (inside + outside)


def test_no_two_of_ten_seeds_are_alike() -> None:
    plans = [tuple((n.tick, n.layer, n.pitch_midi) for n in plan(seed, 32)) for seed in range(10)]
    assert len(set(plans)) == 10
    for one in range(10):
        for other in range(one):
            shared = set(plans[one]) & set(plans[other])
            pitched = [note for note in shared if note[2] is not None]
            assert len(pitched) < 0.5 * sum(note[2] is not None for note in plans[one])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("energy", [0.0, 0.3, 0.7, 1.0])
def test_no_eight_bars_come_back_more_than_twice_in_ten_minutes(seed: int, energy: float) -> None:
    notes = plan(seed, TEN_MINUTES_BARS, energy=energy)
    assert max(passages(notes, TEN_MINUTES_BARS).values()) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_has_motifs_that_return_and_no_passage_that_wears_out(seed: int) -> None:
    melody = [n for n in plan(seed, TEN_MINUTES_BARS, energy=0.85) if n.layer == "melody"]
    assert max(passages(melody, TEN_MINUTES_BARS).values()) <= 2
    rhythms: dict[int, list[int]] = defaultdict(list)
    for note in melody:
        rhythms[note.tick // BAR].append(note.tick % BAR)
    sections: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for bar, rhythm in rhythms.items():
        sections[bar // 8].append(tuple(rhythm))
    returning = sum(
        sum(count for count in Counter(bars).values() if count > 1) for bars in sections.values()
    )
    assert returning >= 0.4 * len(rhythms)
    assert len(set(map(tuple, rhythms.values()))) >= 12


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_breathes_and_moves_mostly_by_step(seed: int) -> None:
    melody = [n for n in plan(seed, 128, energy=0.8) if n.layer == "melody"]
    assert len({note.tick for note in melody}) == len(melody)
    gaps = [b.tick - a.tick - a.duration_ticks for a, b in pairwise(melody)]
    assert sum(gap >= TICKS_PER_BEAT for gap in gaps) >= 128 / 4
    leaps = [
        abs((b.pitch_midi or 0) - (a.pitch_midi or 0))
        for a, b in pairwise(melody)
        if a.tick // (4 * BAR) == b.tick // (4 * BAR)
    ]
    assert sum(leap <= 4 for leap in leaps) >= 0.65 * len(leaps)
    assert sum(leap <= 7 for leap in leaps) >= 0.9 * len(leaps)
    assert sum(leap <= 12 for leap in leaps) >= 0.99 * len(leaps)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_melody_meets_the_chord_where_the_bar_has_weight(seed: int) -> None:
    for note in plan(seed, 128, energy=0.85):
        if note.layer == "melody" and note.tick % (2 * TICKS_PER_BEAT) == 0:
            chord = find_chord(WALK, seed, note.tick)
            tones = {chord.key.pitch(chord.root + part) % 12 for part in (0, 2, 4)}
            assert (note.pitch_midi or 0) % 12 in tones


def test_density_adds_ornament_and_keeps_the_backbone() -> None:
    for energy in (0.4, 0.6, 0.8, 1.0):
        counts = [len(plan(4, 32, energy=energy, density=step / 4)) for step in range(5)]
        assert counts == sorted(counts)
        assert counts[-1] > 1.15 * counts[0]
        for density in (0.0, 1.0):
            beats = {n.tick for n in plan(4, 32, energy=energy, density=density)}
            assert beats >= {n * TICKS_PER_BEAT for n in range(128)}


def test_brightness_makes_hats_louder_and_longer() -> None:
    hats = [
        [n for n in plan(4, 16, brightness=brightness) if n.layer == "hat"]
        for brightness in (0.0, 0.5, 1.0)
    ]
    loudest = [max(n.velocity for n in some) for some in hats]
    longest = [max(n.duration_ticks for n in some) for some in hats]
    assert loudest == sorted(loudest)
    assert longest == sorted(longest)
    assert loudest[2] > 2.0 * loudest[0]


def test_articulation_shortens_what_is_plucked_and_not_the_pad() -> None:
    for layer, holds in (("bass", False), ("chords", False), ("melody", False), ("pad", True)):
        sums = [
            sum(n.duration_ticks for n in plan(4, 16, articulation=value) if n.layer == layer)
            for value in (0.0, 0.5, 1.0)
        ]
        assert (sums[0] == sums[2]) if holds else (sums[0] > sums[1] > sums[2])


def test_register_moves_melody_and_chords() -> None:
    for layer in ("melody", "chords"):
        means = []
        for step in range(-4, 5):
            pitches = [n.pitch_midi for n in plan(4, 32, register=step / 4) if n.layer == layer]
            means.append(sum(p for p in pitches if p is not None) / len(pitches))
        assert means == sorted(means)
        assert means[-1] - means[0] >= 12.0


def test_tension_adds_sevenths_then_ninths_then_suspensions() -> None:
    def size(tension: float) -> float:
        sizes: dict[int, set[int]] = defaultdict(set)
        for note in plan(4, 64, energy=0.2, tension=tension):
            if note.layer in {"pad", "bass"} and note.pitch_midi is not None:
                sizes[note.tick // BAR].add(note.pitch_midi % 12)
        return sum(map(len, sizes.values())) / len(sizes)

    assert size(0.0) < size(0.3) < size(0.6) < size(0.9)


def test_swell_lifts_the_pad_alone() -> None:
    low, high = plan(4, 8, swell=0.0), plan(4, 8, swell=1.0)
    for before, after in zip(low, high, strict=True):
        if before.layer == "pad":
            assert after.velocity > before.velocity
        else:
            assert after == before


def test_the_level_is_left_to_the_sound() -> None:
    assert plan(4, 8, level_db=-30.0) == plan(4, 8, level_db=0.0)


def test_a_gesture_is_answered_in_the_chord_of_the_moment() -> None:
    for tick in range(0, 64 * BAR, 317):
        note = plan_accent(WALK, 5, tick, 0.5, MIDDLE)
        chord = find_chord(WALK, 5, tick)
        assert note.tick == tick
        assert note.layer == "accent"
        tones = {chord.key.pitch(chord.root + part) % 12 for part in (0, 2, 4)}
        assert (note.pitch_midi or 0) % 12 in tones


def test_a_stronger_gesture_is_answered_louder_and_not_lower() -> None:
    for tick in range(0, 16 * BAR, 611):
        notes = [plan_accent(WALK, 5, tick, step / 10, MIDDLE) for step in range(11)]
        velocities = [note.velocity for note in notes]
        pitches = [note.pitch_midi or 0 for note in notes]
        assert velocities == sorted(velocities)
        assert velocities[-1] > velocities[0]
        assert pitches == sorted(pitches)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        plan_notes(WALK, 1, 10, 9, MIDDLE)
    assert plan_notes(WALK, 1, 0, 0, MIDDLE) == []
