"""Three sessions make one song; it goes out as sound, as MIDI and as a sheet."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
import symusic

from biofeedback.control.limits import Limits
from biofeedback.control.songwrite import SongwriteLaw
from biofeedback.music.scales import Key
from biofeedback.music.syllables import split_line
from biofeedback.records.person import Person
from biofeedback.records.song_project import (
    SongSettings,
    add_takes,
    change_settings,
    plan_next,
    read_project,
    reject_take,
    write_lyrics,
)
from biofeedback.records.store import Address, FileStore, change
from biofeedback.records.written import write_song
from biofeedback.simulate.story import Act
from tests.law_stage import Stage, sitter

ROOT = Path(__file__).resolve().parents[2]
P7, RIVER = Address("p7"), Address("p7", "river")
FORM = ("verse", "chorus", "verse", "bridge", "chorus")
WORDS = {
    "verse": ("I am strong when the morning comes", "I am small when it goes"),
    "chorus": ("Thank you for the ri-ver", "thank you for the day"),
    "bridge": ("Today I leave my trou-ble",),
}
D_MINOR = Key(tonic=2, mode="aeolian")


class Room:
    """Somebody whose arm draws, staff at the keys, and the project on the disk."""

    def __init__(self, store: FileStore) -> None:
        self.store = store

    @property
    def project(self):
        # Read anew each time: nothing lives on in memory.
        return read_project(FileStore(self.store.folder).read(RIVER).rows)

    def hold_session(self, name, *, mood, seed, tapping_s=None, keep=1, spurn=0):
        """Draw melodies; keep some, after some that aren't wanted."""
        plan, reason = plan_next(self.project)
        law = SongwriteLaw(plan, limits=Limits(tempo_baseline_bpm=96.0), resting_tempo_bpm=96.0)
        acts = (Act(start_s=0.0, doing="dance", mood=mood),)
        stage = Stage(law, [sitter(seed=seed, acts=acts)], resting_bpm=96.0)
        if tapping_s is not None:
            for _ in range(6):
                stage.play(tapping_s, keys=("tap",))
        for key in [*["reject"] * spurn, *["accept"] * keep]:
            stage.play(30.0)
            stage.play(1.0, keys=(key,))
            # As the room does it while the session goes on: whatever is accepted is kept at once.
            change(
                self.store,
                RIVER,
                lambda rows: add_takes(
                    read_project(rows), law.takes, outcomes=law.outcomes(), session=name
                ),
            )
        return law, reason


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    store = FileStore(tmp_path_factory.mktemp("room") / "records")
    store.add(P7, [Person(pseudonym="p7")], seen=0)
    settings = change_settings(SongSettings(title="River"), form=FORM, tonic=2, mode="aeolian")
    store.add(RIVER, [settings], seen=0)
    room = Room(store)
    room.sessions = [
        room.hold_session("s1", mood="flowing", seed=1, tapping_s=0.6, keep=1),
        room.hold_session("s2", mood="abrupt", seed=2, keep=1, spurn=1),
        room.hold_session("s3", mood="changing", seed=3, keep=1),
    ]
    for part, lines in WORDS.items():
        change(
            store,
            RIVER,
            lambda rows, part=part, lines=lines: (write_lyrics(read_project(rows), part, lines),),
        )
    return room


def test_three_sessions_make_one_song(room):
    project = room.project
    assert project.is_whole
    assert project.slots == ("verse", "chorus", "bridge")
    assert [row.session for row in project.history] == ["s1", "s2", "s3"]
    assert project.settings.tempo_bpm == pytest.approx(100.0, abs=0.5), "it was tapped in s1"
    reasons = [reason for _, reason in room.sessions]
    assert "The tempo comes from taps" in reasons[0]
    assert "1 of 3 parts are kept; chorus is next, at 100 bpm" in reasons[1]
    assert "2 of 3 parts are kept; bridge is next" in reasons[2]
    assert room.sessions[1][0].outcomes()["takes_rejected"] == 1.0


def test_the_arm_drew_melodies_that_differ(room):
    drawn = [drawing.degrees for drawing in room.project.takes.values()]
    assert len(set(drawn)) == 3
    assert all(len(degrees) == 16 for degrees in drawn)
    assert all(len(set(degrees)) >= 3 for degrees in drawn)


def test_what_is_taken_back_is_drawn_anew_and_both_are_remembered(room, tmp_path):
    rows = FileStore(room.store.folder).read(RIVER).rows
    other = FileStore(tmp_path)
    other.add(P7, [Person(pseudonym="p7")], seen=0)
    other.add(RIVER, rows, seen=0)
    change(other, RIVER, lambda rows: (reject_take(read_project(rows), "chorus"),))
    again = Room(other)
    before = room.project.takes["chorus"].degrees
    again.hold_session("s4", mood="flowing", seed=9)
    assert again.project.is_whole
    assert again.project.takes["chorus"].degrees != before
    assert before in [row.drawing.degrees for row in again.project.history]


@pytest.fixture(scope="module")
def files(room, tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "biofeedback", "song-project", "export", "river"),
            *("--records", room.store.folder, "--json", "--wav", "river.wav"),
            *("--midi", "river.mid", "--sheet", "river.html", "--text", "river.txt"),
        ],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        check=True,
        timeout=110,
    )
    return folder, json.loads(done.stdout)


def test_the_midi_file_has_the_tempo_the_key_and_the_meter(room, files):
    score = symusic.Score(str(files[0] / "river.mid"), ttype="tick")
    assert score.ticks_per_quarter == 480
    assert [tempo.qpm for tempo in score.tempos] == [
        pytest.approx(room.project.settings.tempo_bpm, abs=0.001)
    ]
    (sign,) = score.key_signatures
    assert (sign.key, sign.tonality) == (-1, 1), "one flat, minor"
    (meter,) = score.time_signatures
    assert (meter.numerator, meter.denominator) == (4, 4)


def test_every_syllable_lies_on_the_note_that_sings_it(room, files):
    score = symusic.Score(str(files[0] / "river.mid"), ttype="tick")
    notes = [note for track in score.tracks if track.name == "melody" for note in track.notes]
    lyrics = [lyric for track in score.tracks for lyric in track.lyrics]
    starts = {note.time for note in notes}
    assert all(lyric.time in starts for lyric in lyrics)
    assert len({lyric.time for lyric in lyrics}) == len(lyrics)
    expected = []
    for slot in FORM:
        lines = WORDS[slot] if len(WORDS[slot]) > 1 else WORDS[slot] * 2
        for line in lines:
            row = [one.text + " " * one.ends_word for one in split_line(line, language="en")]
            expected += [*row[:-1], row[-1].rstrip() + "\r"]
    # The reader may take white space at the ends off.
    assert [lyric.text.strip() for lyric in lyrics] == [text.strip() for text in expected]
    raw = (files[0] / "river.mid").read_bytes()
    assert raw.count(b"day\r") == 2, "lines end with a carriage return (RP-017)"


def test_the_melody_in_the_file_is_the_one_that_was_drawn(room, files):
    score = symusic.Score(str(files[0] / "river.mid"), ttype="tick")
    notes = [note for track in score.tracks if track.name == "melody" for note in track.notes]
    bars = 2
    for slot in room.project.slots:
        degrees = room.project.takes[slot].degrees
        place = FORM.index(slot)
        first = 2 + sum(2 * bars for _ in FORM[:place])
        heard = {}
        for note in notes:
            eighth = Fraction(note.time, 240) - first * 8
            for step in range(16):
                if eighth <= step < eighth + Fraction(note.duration, 240):
                    heard[step] = note.pitch
        wanted = {i: D_MINOR.pitch(d) for i, d in enumerate(degrees) if d is not None}
        assert heard.keys() == wanted.keys()
        apart = {heard[step] - wanted[step] for step in wanted}
        assert len(apart) == 1, "moved by octaves as a whole, if at all"
        assert apart.pop() % 12 == 0


def test_the_sound_is_as_long_and_as_loud_as_it_should_be(room, files):
    folder, facts = files
    samples, rate_hz = soundfile.read(folder / "river.wav")
    song = write_song(room.project)
    length_s = song.end_tick / 480 * 60 / room.project.settings.tempo_bpm
    assert rate_hz == 48000
    assert len(samples) / rate_hz == pytest.approx(length_s + 3.0, abs=0.6)
    loudness_lufs = pyloudnorm.Meter(rate_hz).integrated_loudness(samples)
    assert loudness_lufs == pytest.approx(-23.0, abs=2.0)
    assert facts["true_peak_dbtp"] <= -1.0
    seconds = samples[: int(length_s) * rate_hz].reshape(int(length_s), -1)
    assert np.sqrt((seconds**2).mean(axis=1)).min() > 1e-3, "no second is silent"


def test_the_sheets_have_every_line(files):
    text = (files[0] / "river.txt").read_text(encoding="utf-8")
    page = (files[0] / "river.html").read_text(encoding="utf-8")
    for lines in WORDS.values():
        for line in lines:
            assert line.replace("-", "") in text
    assert "D minor, 100 bpm" in text
    assert "Thank" in page
    assert files[1]["left_out"] == []
