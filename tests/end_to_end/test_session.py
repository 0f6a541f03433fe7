"""A whole session, judged by what can be heard and by what the trace says."""

from __future__ import annotations

import csv
import gzip
import queue
from itertools import pairwise

import librosa
import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import resample_poly
from scipy.stats import spearmanr

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.messages import NS_PER_S, DecisionMade, MeasureTaken, PlayNote
from biofeedback.settings import Settings
from biofeedback.simulate.faults import FaultySource, Silence
from biofeedback.simulate.recording import open_recording
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.sound import SoundSettings, open_file, open_null


class Notebook:
    """A view that keeps all outputs."""

    def __init__(self):
        self.outputs = []

    def see(self, message, outputs):
        self.outputs += outputs

    def all(self, kind):
        return [output for output in self.outputs if isinstance(output, kind)]


def play(source, sound=None) -> Notebook:
    notebook = Notebook()
    sound = sound or open_null()
    parts = Parts(make_engine(Settings()), source, sound, None, notebook, None)
    run_session(parts, Stopwatch(fast=True), queue.SimpleQueue())
    sound.close()
    return notebook


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    wav = tmp_path_factory.mktemp("demo") / "demo.wav"
    sound = open_file(wav, origin_ns=0, settings=SoundSettings())
    notebook = play(make_scenario("demo", seed=1, duration_s=None), sound)
    audio, rate = soundfile.read(wav)
    assert rate == 48000
    return notebook, audio


@pytest.mark.timeout(300)
def test_the_demo_is_as_loud_as_promised_and_never_clicks(demo):
    notebook, audio = demo
    assert np.isfinite(audio).all()
    assert pyloudnorm.Meter(48000).integrated_loudness(audio) == pytest.approx(-23.0, abs=1.0)
    peak = max(
        np.abs(resample_poly(audio[i : i + 48000 * 5], 8, 1, axis=0)).max()
        for i in range(0, len(audio), 48000 * 5)
    )
    assert 20 * np.log10(peak) <= -1.0
    steps = np.abs(np.diff(audio, axis=0)).max(axis=1)
    drums_s = np.array(
        [n.start_ns / NS_PER_S for n in notebook.all(PlayNote) if n.pitch_midi is None]
    )
    for index in np.nonzero(steps > 0.25)[0]:
        before_s = index / 48000 - drums_s
        assert ((before_s >= 0) & (before_s < 0.05)).any()


@pytest.mark.timeout(300)
def test_vigour_can_be_heard_in_the_demo(demo):
    notebook, audio = demo
    mono = librosa.resample(audio.mean(axis=1), orig_sr=48000, target_sr=22050)
    onsets_s = librosa.onset.onset_detect(y=mono, sr=22050, hop_length=256, units="time")
    activity = [m for m in notebook.all(MeasureTaken) if m.measure == "activity_mps2"]
    times_s = np.array([m.at_ns for m in activity]) / NS_PER_S
    values = np.array([m.value for m in activity])
    rows = []
    for begin_s in np.arange(4.0, 86.0, 4.0):
        inside = (times_s >= begin_s) & (times_s < begin_s + 4.0)
        heard = mono[int(begin_s * 22050) : int((begin_s + 4.0) * 22050)]
        onsets = ((onsets_s >= begin_s) & (onsets_s < begin_s + 4.0)).sum()
        rows.append((values[inside].mean(), onsets, np.mean(heard**2)))
    moved, onsets, power = np.array(rows).T
    assert spearmanr(moved, onsets)[0] >= 0.6
    assert spearmanr(moved, power)[0] >= 0.6


@pytest.mark.timeout(300)
def test_a_beat_tracker_hears_the_tempo_of_the_trace(demo):
    notebook, audio = demo
    mono = librosa.resample(audio.mean(axis=1), orig_sr=48000, target_sr=22050)
    decisions = notebook.all(DecisionMade)
    times_s = np.array([d.tempo_from_ns for d in decisions]) / NS_PER_S
    tempi_bpm = np.array([d.allowed.tempo_bpm for d in decisions])
    judged = right = 0
    for begin_s in np.arange(2.0, 80.0, 2.0):
        window_bpm = tempi_bpm[(times_s >= begin_s) & (times_s < begin_s + 8.0)]
        if window_bpm.max() / window_bpm.min() > 1.02:
            continue
        piece = mono[int(begin_s * 22050) : int((begin_s + 8.0) * 22050)]
        onsets = librosa.onset.onset_strength(y=piece, sr=22050, hop_length=128)
        _, beats_s = librosa.beat.beat_track(
            onset_envelope=onsets, sr=22050, hop_length=128, units="time", trim=False
        )
        heard_bpm = 60.0 / np.polyfit(np.arange(len(beats_s)), beats_s, 1)[0]
        judged += 1
        right += abs(heard_bpm / window_bpm.mean() - 1) < 0.02
    assert judged >= 3
    assert right / judged >= 0.9


def assert_limits_hold(decisions: list[DecisionMade]):
    for before, now in pairwise(decisions):
        change_bpm = abs(now.allowed.tempo_bpm - before.allowed.tempo_bpm)
        largest_bpm = 0.1 if now.state == "EASE" else before.allowed.tempo_bpm * 0.002
        assert change_bpm <= largest_bpm + 1e-9
        assert 60.0 - 1e-9 <= now.allowed.tempo_bpm <= 140.0 + 1e-9
        assert now.allowed.level_db <= before.allowed.level_db + 0.6 + 1e-9
        if before.state == now.state == "HOLD":
            assert now.allowed == before.allowed


@pytest.mark.shared
@pytest.mark.parametrize("name", ["musicwalk_ew19", "musicwalk_ew25", "musicwalk_ew26"])
def test_tempo_follows_a_real_walk_inside_every_limit(shared, name):
    folder = shared / "data" / "replay"
    notebook = play(open_recording(folder / f"{name}.json"))
    decisions = notebook.all(DecisionMade)
    assert_limits_hold(decisions)
    with gzip.open(folder / f"{name}.walks.csv.gz", "rt") as file:
        walks = [(float(row["t_start"]), float(row["t_end"])) for row in csv.DictReader(file)]
    times_s = np.array([d.at_ns for d in decisions]) / NS_PER_S
    errors = []
    for m in notebook.all(MeasureTaken):
        at_s = m.at_ns / NS_PER_S
        if m.measure == "cadence_spm" and any(a <= at_s <= b for a, b in walks):
            tempo_bpm = decisions[np.searchsorted(times_s, at_s) - 1].allowed.tempo_bpm
            errors.append(min(abs(tempo_bpm / (m.value * k) - 1) for k in (0.5, 1, 2)))
    assert len(errors) > 500
    assert np.median(errors) < 0.02


def test_a_silent_sensor_holds_the_beat_and_music_goes_on_when_it_is_back():
    walker = make_scenario("walk", seed=4, duration_s=70.0)
    notebook = play(FaultySource(walker, [Silence(from_s=40.0, to_s=55.0)]))
    decisions = notebook.all(DecisionMade)
    assert_limits_hold(decisions)

    def state_at(second):
        return next(d.state for d in decisions if d.at_ns >= second * NS_PER_S)

    assert [state_at(s) for s in (39.0, 43.5, 54.0, 60.5)] == ["RUN", "HOLD", "HOLD", "RUN"]
    held = [d.allowed.tempo_bpm for d in decisions if d.state == "HOLD"]
    assert len(set(held)) == 1
    starts_s = np.array([n.start_ns / NS_PER_S for n in notebook.all(PlayNote) if n.tick])
    assert np.diff(starts_s[(starts_s > 40) & (starts_s < 56)]).max() < 1.5
