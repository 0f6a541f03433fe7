from __future__ import annotations

import wave

import numpy as np
import pytest

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_S, PlayNote, StopSound
from biofeedback.sound import SoundSettings, open_file, open_null
from biofeedback.sound.frames import (
    Advance,
    FrameSplitter,
    Open,
    encode_frame,
    to_child_decoder,
)
from biofeedback.sound.wav import WavFile, encode_pcm24

NOTE = PlayNote(
    at_ns=1,
    start_ns=2,
    duration_ns=3,
    layer="kick",
    pitch_midi=None,
    velocity=0.5,
    tick=None,
)


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_frames_survive_any_chunking(step):
    sent = [
        Open(mode="file", origin_ns=5, settings=SoundSettings(), path="x.wav"),
        NOTE,
        Advance(until_ns=NS_PER_S),
        StopSound(at_ns=9, fade_ms=500),
    ]
    data = b"".join(encode_frame(message) for message in sent)
    splitter = FrameSplitter()
    got = [
        to_child_decoder.decode(body)
        for start in range(0, len(data), step)
        for body in splitter.update(data[start : start + step])
    ]
    assert got == sent


def test_an_impossible_length_is_refused():
    with pytest.raises(ValueError, match="damaged"):
        list(FrameSplitter().update(b"\xff\xff\xff\xff"))


def test_pcm24_rounds_and_clips():
    data = encode_pcm24(np.array([[0.0, 1.0], [-1.0, 2.0]]))
    assert data == b"\x00\x00\x00" + b"\xff\xff\x7f" + b"\x01\x00\x80" + b"\xff\xff\x7f"


def test_a_wav_file_can_be_read_before_it_is_closed(tmp_path):
    file = WavFile(tmp_path / "a.wav", rate_hz=48_000)
    for _ in range(3):
        file.write(np.full((48_000, 2), 0.25))
    with wave.open(str(tmp_path / "a.wav")) as reader:
        assert reader.getnframes() == 144_000
        assert (reader.getnchannels(), reader.getsampwidth()) == (2, 3)
    file.close()


def test_a_file_in_a_missing_folder_is_refused_in_words(tmp_path):
    with pytest.raises(SoundError, match="can't write sound to"):
        open_file(tmp_path / "no" / "a.wav", origin_ns=0, settings=SoundSettings())


def test_null_sound_counts_notes_and_has_no_level():
    sound = open_null()
    sound.send([NOTE, NOTE])
    sound.advance(NS_PER_S)
    assert sound.take_reports() == []
    summary = sound.close()
    assert summary.played_notes == 2
    assert summary.integrated_lufs is None
