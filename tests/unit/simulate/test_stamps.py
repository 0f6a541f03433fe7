from pathlib import Path

import numpy as np
import pytest

from biofeedback.errors import RecordingError
from biofeedback.simulate.stamps import check_stamps, find_stretches

PATH = Path("walk.csv")


def test_even_stamps_stay_where_they_are() -> None:
    times_s = 3.0 + np.arange(500) / 25.0
    (stretch,) = find_stretches(times_s)
    assert stretch.times_s == pytest.approx(times_s, abs=1e-9)
    assert stretch.period_s == pytest.approx(0.04)


def test_a_stall_with_its_burst_is_undone() -> None:
    true_s = np.arange(1000) / 25.0
    seen_s = true_s.copy()
    seen_s[400:430] = true_s[430]
    (stretch,) = find_stretches(seen_s)
    assert stretch.times_s == pytest.approx(true_s, abs=0.002)


def test_missing_samples_stay_a_gap() -> None:
    true_s = np.arange(1000) / 25.0
    seen_s = np.delete(true_s, np.s_[300:400])
    before, after = find_stretches(seen_s)
    assert (before.first, before.last, after.first, after.last) == (0, 300, 300, 900)
    assert before.times_s[-1] == pytest.approx(true_s[299], abs=0.01)
    assert after.times_s[0] == pytest.approx(true_s[400], abs=0.01)


def test_a_clock_that_drifts_is_followed() -> None:
    true_s = np.arange(20_000) / 25.0 * 1.002
    (stretch,) = find_stretches(true_s)
    assert stretch.times_s == pytest.approx(true_s, abs=0.001)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_samples_are_no_trouble(count: int) -> None:
    times_s = np.arange(count) * 0.5
    stretches = find_stretches(times_s)
    assert sum(stretch.last - stretch.first for stretch in stretches) == count


def test_real_flaws_pass_the_check() -> None:
    times_s = np.arange(1000) / 25.0
    times_s[[100, 200, 300]] = times_s[[99, 199, 299]]
    times_s[500] -= 0.3
    check_stamps(PATH, times_s, most_back_s=1.0)
    check_stamps(PATH, times_s[:1], most_back_s=1.0)


def test_stamps_that_run_backwards_are_refused_with_their_line() -> None:
    with pytest.raises(RecordingError, match=r"walk\.csv, line 3: t runs backwards \(99 times"):
        check_stamps(PATH, np.arange(100)[::-1] / 25.0, most_back_s=1.0)
    far_back = np.arange(100) / 25.0
    far_back[50:] -= 1.5
    with pytest.raises(RecordingError, match="line 52: t runs backwards"):
        check_stamps(PATH, far_back, most_back_s=1.0)


def test_stamps_that_mostly_repeat_are_refused() -> None:
    with pytest.raises(RecordingError, match="repeat the time stamp"):
        check_stamps(PATH, np.repeat(np.arange(100), 2) / 25.0, most_back_s=1.0)
