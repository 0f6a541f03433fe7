"""Songs of known beats, made for this: what is found in them, and what is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile

from biofeedback.errors import SongError
from biofeedback.songs.analyse import analyse, listen
from biofeedback.songs.library import Library, read_sidecar
from biofeedback.songs.taps import correct_beats
from tests.made_songs import KINDS, RATE_HZ


def _listen(path):
    return listen(path, show=lambda _: None)


def _write(folder, samples, name="song.wav"):
    path = folder / name
    soundfile.write(path, samples, RATE_HZ)
    return path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_beats_are_within_30_ms_of_the_truth(kind, tmp_path):
    song = KINDS[kind](30.0)
    found = np.array(analyse(_listen(_write(tmp_path, song.samples))).map.beats_s)
    near = [np.abs(found - beat).min() <= 0.03 for beat in song.beats_s]
    assert np.mean(near) >= 0.9
    assert len(found) <= 1.1 * len(song.beats_s)


def test_noise_is_no_song_to_trust(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.1, (30 * RATE_HZ, 2))
    try:
        sidecar = analyse(_listen(_write(tmp_path, noise)))
    except SongError:
        return
    assert sidecar.map.confidence < 0.8


def test_silence_is_refused(tmp_path):
    with pytest.raises(SongError, match="nothing to hear"):
        _listen(_write(tmp_path, np.zeros((20 * RATE_HZ, 2))))


def test_what_is_too_short_is_refused(tmp_path):
    with pytest.raises(SongError, match="too short"):
        _listen(_write(tmp_path, 0.1 * np.ones((2 * RATE_HZ, 2))))


def test_F68_what_is_no_audio_or_has_six_channels_is_refused(tmp_path):
    text = tmp_path / "song.mp3"
    text.write_text("no music")
    with pytest.raises(SongError, match="isn't audio"):
        _listen(text)
    with pytest.raises(SongError, match="6 channels"):
        _listen(_write(tmp_path, np.zeros((RATE_HZ, 6))))


def test_F68_a_library_that_complains_by_itself_is_not_heard(tmp_path, capfd):
    text = tmp_path / "song.mp3"
    text.write_text("garbage\n" * 2500)
    with pytest.raises(SongError, match="isn't audio"):
        _listen(text)
    assert capfd.readouterr().err == ""
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def test_F69_taps_at_half_tempo_choose_the_octave(tmp_path):
    song = KINDS["pop"](30.0)
    heard = _listen(_write(tmp_path, song.samples))
    corrected = correct_beats(heard, [float(beat) - 0.02 for beat in song.beats_s[4:24:2]])
    assert corrected.tapped
    assert np.median(np.diff(corrected.map.beats_s)) == pytest.approx(2 * 60 / 112, rel=0.02)
    beats = np.array(corrected.map.beats_s)
    assert np.median([np.abs(beats - beat).min() for beat in song.beats_s[4:24:2]]) < 0.03


def test_too_few_or_uneven_taps_are_refused(tmp_path):
    heard = _listen(_write(tmp_path, KINDS["pop"](20.0).samples))
    with pytest.raises(SongError, match="too few"):
        correct_beats(heard, [1.0, 1.5, 2.0])
    with pytest.raises(SongError, match="uneven"):
        correct_beats(heard, [1.0, 1.2, 2.0, 2.9, 3.0, 4.4, 4.6, 6.0, 6.1])


def test_a_sidecar_is_found_by_content_and_a_damaged_one_says_so(tmp_path):
    sidecar = analyse(_listen(_write(tmp_path, KINDS["march"](20.0).samples)))
    library = Library(tmp_path / "songs")
    path = library.save(sidecar)
    assert library.find(sidecar.sha256) == sidecar
    path.write_text(path.read_text().replace('"version"', '"versoin"'))
    with pytest.raises(SongError, match="add the song again"):
        read_sidecar(path)
