import pytest

from biofeedback.simulate.story import Act, Story

ACTS = (
    Act(start_s=0.0, doing="rest"),
    Act(start_s=10.0, doing="walk", cadence_spm=(100.0, 120.0), effort_ratio=(0.2, 0.4)),
    Act(start_s=20.0, doing="run", cadence_spm=(150.0, 160.0)),
)


def test_an_act_lasts_until_the_next_begins() -> None:
    story = Story(ACTS)
    assert [story.act_at(t).doing for t in (-1.0, 0.0, 9.99, 10.0, 19.99, 20.0, 1e6)] == [
        "rest",
        "rest",
        "rest",
        "walk",
        "walk",
        "run",
        "run",
    ]


def test_cadence_and_effort_glide_through_an_act() -> None:
    story = Story(ACTS)
    assert story.cadence_spm(15.0) == pytest.approx(110.0)
    assert story.effort_ratio(15.0) == pytest.approx(0.3)


def test_the_last_act_goes_on_at_its_final_values() -> None:
    assert Story(ACTS).cadence_spm(1000.0) == 160.0
    assert Story(ACTS).next_start_s(20.0) is None


def test_before_the_beginning_the_first_act_comes_next() -> None:
    assert Story(ACTS).next_start_s(-5.0) == 10.0
    assert Story(ACTS).cadence_spm(-5.0) == 0.0


@pytest.mark.parametrize("acts", [(), ACTS[1:], (ACTS[0], ACTS[2], ACTS[1])])
def test_acts_out_of_order_are_refused(acts: tuple[Act, ...]) -> None:
    with pytest.raises(ValueError, match="story"):
        Story(acts)
