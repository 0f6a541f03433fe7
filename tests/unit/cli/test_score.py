"""MIDI files open in an independent reader with the times, pitches and tempo that were played."""

from __future__ import annotations

import json

import mido
import pytest

from biofeedback.cli.score import write_midi, write_notes
from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, PlayNote
from biofeedback.music.beats import BeatClock

ORIGIN_NS = 7 * NS_PER_S


def make_notes(tempo_from_bpm, tempo_to_bpm, *, beats=32):
    clock = BeatClock(ORIGIN_NS + NS_PER_S // 5, tempo_from_bpm)
    for step in range(1, 400):
        share = min(1.0, step / 200)
        tempo_bpm = tempo_from_bpm + share * (tempo_to_bpm - tempo_from_bpm)
        clock.extend(ORIGIN_NS + NS_PER_S // 5 + step * NS_PER_S // 10, tempo_bpm)
    notes = []
    for beat in range(beats):
        tick = beat * TICKS_PER_BEAT
        shared = {"at_ns": 0, "duration_ns": NS_PER_S // 4, "velocity": 0.5}
        notes.append(
            PlayNote(
                start_ns=clock.time_ns(tick), layer="kick", pitch_midi=None, tick=tick, **shared
            )
        )
        half = tick + TICKS_PER_BEAT // 2
        notes.append(
            PlayNote(
                start_ns=clock.time_ns(half),
                layer="bass",
                pitch_midi=40 + beat % 5,
                tick=half,
                **shared,
            )
        )
    return notes


def read_starts(path):
    """Note-ons as (seconds, key), with times from the file's own tempo map."""
    starts, now_s = [], 0.0
    for message in mido.MidiFile(str(path)):
        now_s += message.time
        if message.type == "note_on" and message.velocity > 0:
            starts.append((now_s, message.note))
    return starts


@pytest.mark.parametrize(("from_bpm", "to_bpm"), [(100.0, 100.0), (80.0, 120.0)])
def test_every_note_of_a_midi_file_starts_when_it_was_played(tmp_path, from_bpm, to_bpm):
    notes = make_notes(from_bpm, to_bpm)
    write_midi(tmp_path / "out.mid", notes, origin_ns=ORIGIN_NS)
    starts = read_starts(tmp_path / "out.mid")
    assert len(starts) == len(notes)
    for (start_s, _), note in zip(starts, sorted(notes, key=lambda n: n.start_ns), strict=True):
        assert start_s == pytest.approx((note.start_ns - ORIGIN_NS) / NS_PER_S, abs=0.003)


def test_the_tempo_map_holds_the_tempo(tmp_path):
    write_midi(tmp_path / "out.mid", make_notes(96.0, 96.0), origin_ns=ORIGIN_NS)
    tempi = [
        mido.tempo2bpm(message.tempo)
        for message in mido.MidiFile(str(tmp_path / "out.mid")).tracks[0]
        if message.type == "set_tempo"
    ]
    assert tempi[-1] == pytest.approx(96.0, abs=0.01)


def test_every_note_that_begins_also_ends(tmp_path):
    write_midi(tmp_path / "out.mid", make_notes(96.0, 110.0), origin_ns=ORIGIN_NS)
    for track in mido.MidiFile(str(tmp_path / "out.mid")).tracks:
        kinds = [m.type for m in track]
        assert kinds.count("note_on") == kinds.count("note_off")


def test_a_file_without_notes_is_still_a_midi_file(tmp_path):
    write_midi(tmp_path / "out.mid", [], origin_ns=ORIGIN_NS)
    assert read_starts(tmp_path / "out.mid") == []


def test_an_answer_to_a_gesture_keeps_its_time(tmp_path):
    notes = make_notes(100.0, 100.0)
    at_ns = ORIGIN_NS + 5_123_000_000
    answer = PlayNote(
        at_ns=at_ns,
        start_ns=at_ns,
        duration_ns=NS_PER_S // 5,
        layer="accent",
        pitch_midi=76,
        velocity=0.8,
        tick=None,
    )
    write_midi(tmp_path / "out.mid", [*notes, answer], origin_ns=ORIGIN_NS)
    accents = [start_s for start_s, key in read_starts(tmp_path / "out.mid") if key == 76]
    assert accents == [pytest.approx(5.123, abs=0.003)]


def test_notes_are_json_lines_with_the_promised_keys(tmp_path):
    write_notes(tmp_path / "out.jsonl", make_notes(100.0, 100.0, beats=2), origin_ns=ORIGIN_NS)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[0] == {
        "start_s": 0.2,
        "duration_s": 0.25,
        "layer": "kick",
        "pitch_midi": None,
        "velocity": 0.5,
        "beat": 0.0,
    }
    assert rows[1]["beat"] == 0.5
