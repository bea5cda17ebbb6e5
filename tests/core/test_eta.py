import itertools

import pytest

from studio.core.eta import EtaEstimator, words_for_time_left


def test_steady_pace_gives_the_exact_time_left():
    eta = EtaEstimator()
    left = [eta.observe(now=0.5 * step, done=step, total=100) for step in range(11)]
    assert left[0] is None  # one observation says nothing about the pace
    assert left[10] == pytest.approx((100 - 10) * 0.5)


def test_it_says_nothing_before_it_has_seen_enough():
    eta = EtaEstimator(least=5)
    assert eta.observe(0.0, 0, 1000) is None
    assert eta.observe(8.0, 2, 1000) is None  # the first step of a job may load a network
    assert eta.observe(9.0, 5, 1000) is not None


def test_one_slow_step_moves_the_estimate_little():
    eta = EtaEstimator(memory=12)
    for step in range(30):
        eta.observe(float(step), step, 100)
    before = eta.observe(30.0, 30, 100)
    after = eta.observe(36.0, 31, 100)  # a step of 6 s among steps of 1 s
    assert before == pytest.approx(70.0)
    assert after < 69 * 1.5  # the naive estimate would be 69 · 6


def test_a_lasting_change_of_pace_is_learnt():
    eta = EtaEstimator(memory=12)
    for step in range(20):
        eta.observe(float(step), step, 200)
    now = 19.0
    for step in range(20, 100):
        now += 3.0
        left = eta.observe(now, step, 200)
    assert left == pytest.approx((200 - 99) * 3.0, rel=0.13)


def test_shown_time_counts_down_with_the_clock():
    eta = EtaEstimator()
    jitter = (0.9, 1.1, 1.0, 0.95, 1.05)
    now, shown = 0.0, []
    for step in range(60):
        now += jitter[step % len(jitter)]
        shown.append(eta.observe(now, step, 120))
    known = [value for value in shown if value is not None][10:]
    assert all(later < earlier for earlier, later in itertools.pairwise(known))


def test_unknown_length_has_no_time_left():
    eta = EtaEstimator()
    for step in range(10):
        assert eta.observe(float(step), step, 0) is None


def test_starting_over_forgets_the_pace():
    eta = EtaEstimator()
    for step in range(10):
        eta.observe(float(step), step, 100)
    assert eta.observe(11.0, 0, 100) is None


def test_a_pause_does_not_count_as_slowness():
    eta = EtaEstimator()
    for step in range(11):
        eta.observe(float(step), step, 100)
    eta.rest()
    eta.observe(1000.0, 10, 100)
    assert eta.observe(1001.0, 11, 100) == pytest.approx(89.0)


def test_many_steps_at_once_count_as_many():
    eta = EtaEstimator()
    eta.observe(0.0, 0, 100)
    assert eta.observe(10.0, 20, 100) == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "0:00 left"),
        (13.2, "0:14 left"),
        (59.5, "1:00 left"),
        (754, "12:34 left"),
        (3725, "1:02:05 left"),
    ],
)
def test_words_for_time_left(seconds: float | None, words: str):
    assert words_for_time_left(seconds) == words
