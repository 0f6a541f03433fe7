import numpy as np
import pytest

from biofeedback.messages import Site
from biofeedback.simulate.body import Body
from biofeedback.simulate.motion import GRAVITY_MPS2, SiteMotion
from biofeedback.simulate.story import Act, Doing, Person, Story

SITES: tuple[Site, ...] = ("chest", "waist", "pocket", "wrist", "ankle", "arm", "unknown")
RATE_HZ = 100.0


def measure(site: Site, doing: Doing, cadence_spm: float, seconds: float = 20.0) -> np.ndarray:
    story = Story((Act(start_s=0.0, doing=doing, cadence_spm=(cadence_spm, cadence_spm)),))
    body = Body(Person(), story, seed=4)
    motion = SiteMotion(body, site, body.sensor_rng())
    times_s = 1.0 + np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.concatenate([motion.measure(times_s[i : i + 36]) for i in range(0, len(times_s), 36)])


def strongest_hz(signal: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(len(signal))))
    return float(np.fft.rfftfreq(len(signal), 1 / RATE_HZ)[spectrum.argmax()])


@pytest.mark.parametrize("site", SITES)
def test_at_rest_only_gravity_and_a_little_noise_are_felt(site: Site) -> None:
    magnitude = np.linalg.norm(measure(site, "rest", 0.0), axis=1)
    assert magnitude.mean() == pytest.approx(GRAVITY_MPS2, abs=0.02)
    assert magnitude.std() < 0.05


@pytest.mark.parametrize("site", ["chest", "waist", "wrist", "arm", "unknown"])
def test_walking_shows_at_the_step_rate(site: Site) -> None:
    magnitude = np.linalg.norm(measure(site, "walk", 110.0), axis=1)
    assert strongest_hz(magnitude) == pytest.approx(110.0 / 60.0, abs=0.1)
    assert 0.8 < magnitude.std() < 3.0


def test_the_arm_swings_at_the_stride_rate() -> None:
    acceleration = measure("wrist", "walk", 110.0)
    forward = acceleration @ np.linalg.svd(acceleration - acceleration.mean(0))[2][0]
    assert strongest_hz(forward) == pytest.approx(55.0 / 60.0, abs=0.1)


def test_the_ankle_feels_one_strong_impact_a_stride() -> None:
    magnitude = np.linalg.norm(measure("ankle", "walk", 110.0), axis=1)
    assert magnitude.max() > 22.0
    assert magnitude.std() > 3.0


@pytest.mark.parametrize("site", SITES)
def test_faster_is_stronger_and_running_is_strongest(site: Site) -> None:
    slow, fast, run = (
        float(np.linalg.norm(measure(site, doing, cadence), axis=1).std())
        for doing, cadence in (("walk", 90.0), ("walk", 120.0), ("run", 165.0))
    )
    assert slow < fast < run


def test_a_runner_flies() -> None:
    magnitude = np.linalg.norm(measure("waist", "run", 165.0), axis=1)
    assert np.quantile(magnitude, 0.2) < 4.0
    assert magnitude.max() > 25.0


def test_dancing_moves_the_wrist_more_than_the_trunk() -> None:
    wrist = np.linalg.norm(measure("wrist", "dance", 112.0), axis=1)
    chest = np.linalg.norm(measure("chest", "dance", 112.0), axis=1)
    assert wrist.max() > 20.0
    assert wrist.std() > 1.5 * chest.std()


def test_breath_moves_the_chest_and_not_the_wrist() -> None:
    swings = {}
    for site in ("chest", "wrist"):
        felt = measure(site, "rest", 0.0, 120.0)
        main = felt @ np.linalg.svd(felt - felt.mean(0), full_matrices=False)[2][0]
        spectrum = np.abs(np.fft.rfft((main - main.mean()) * np.hanning(len(main))))
        rates_brpm = 60.0 * np.fft.rfftfreq(len(main), 1 / RATE_HZ)
        swings[site] = spectrum[(rates_brpm > 11.0) & (rates_brpm < 15.0)].max()
    assert swings["chest"] > 5.0 * swings["wrist"]
