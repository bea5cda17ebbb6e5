import numpy as np
import pytest

from studio.ui.plots.exponential_mean import ExponentialMean
from studio.ui.plots.smoothed_series import SmoothedSeries


def mean_by_the_formula(values, span):
    """Kingma & Ba 2015, section 3: m ← β m + (1 − β) x, shown as m ÷ (1 − βⁿ); gaps are passed over."""
    beta, mean, count, shown = 1 - 1 / span, 0.0, 0, []
    for value in values:
        if np.isfinite(value):
            mean, count = beta * mean + (1 - beta) * value, count + 1
            shown.append(mean / (1 - beta**count))
        else:
            shown.append(np.nan)
    return np.array(shown)


def noise(count, seed=0):
    return np.random.default_rng(seed).normal(size=count)


@pytest.mark.parametrize("span", [1, 2, 25, 2000])
@pytest.mark.parametrize("pieces", [1, 3, 50])
def test_the_mean_follows_its_formula_however_it_is_cut(span, pieces):
    values, mean = noise(20_000), ExponentialMean(span)
    smooth = np.concatenate([mean.smooth(piece) for piece in np.array_split(values, pieces)])
    np.testing.assert_allclose(smooth, mean_by_the_formula(values, span), rtol=1e-9, atol=1e-12)


def test_gaps_stay_gaps_and_do_not_pull():
    values = noise(1000)
    values[100:200], values[500], values[501] = np.nan, np.inf, -np.inf
    np.testing.assert_allclose(ExponentialMean(25).smooth(values), mean_by_the_formula(values, 25), rtol=1e-9)


def test_the_first_value_is_shown_as_it_is():
    assert ExponentialMean(1000).smooth(np.array([7.0]))[0] == pytest.approx(7.0)


def finish(course: SmoothedSeries) -> None:
    while course.is_behind:
        course.work(1000)


def test_a_view_that_grew_costs_only_what_is_new():
    room, course = noise(1000), SmoothedSeries(10)
    assert course.replace(np.arange(400), room[:400])
    finish(course)
    assert not course.replace(np.arange(400), room[:400])
    assert course.replace(np.arange(700), room[:700])
    assert course.work(10_000) == 300
    np.testing.assert_allclose(course.calm, mean_by_the_formula(room[:700], 10))


def test_a_series_that_moved_to_more_room_is_known_again():
    values, course = noise(1000), SmoothedSeries(10)
    values[5] = np.nan
    course.replace(np.arange(400), values[:400])
    finish(course)
    course.replace(np.arange(1000), values.copy())
    assert course.work(10_000) == 600


def test_a_series_that_was_taken_back_begins_anew():
    room, course = noise(1000), SmoothedSeries(10)
    course.replace(np.arange(700), room[:700])
    finish(course)
    shorter = room[:500].copy()  # what the history of a resumed run hands out
    course.replace(np.arange(500), shorter)
    finish(course)
    np.testing.assert_array_equal(course.values, shorter)
    np.testing.assert_allclose(course.calm, mean_by_the_formula(shorter, 10))


def test_the_old_mean_is_shown_until_the_new_one_is_complete():
    values, course = noise(5000), SmoothedSeries(10)
    course.extend(np.arange(5000), values)
    finish(course)
    course.set_span(100)
    course.work(1000)
    np.testing.assert_allclose(course.calm, mean_by_the_formula(values, 10))
    course.set_span(300)  # meanwhile the slider went on
    finish(course)
    np.testing.assert_allclose(course.calm, mean_by_the_formula(values, 300))


def test_without_smoothing_the_values_are_the_line():
    course = SmoothedSeries(25)
    course.extend(np.arange(100), noise(100))
    course.set_span(1)
    assert not course.is_behind
    np.testing.assert_array_equal(course.calm, course.values)
    course.extend(np.arange(100, 150), noise(50, 1))
    course.set_span(25)
    finish(course)
    np.testing.assert_allclose(course.calm, mean_by_the_formula(course.values, 25))


def test_the_nearest_value_is_found():
    course = SmoothedSeries()
    course.extend(np.array([0, 10, 20]), np.zeros(3))
    assert [course.nearest(step) for step in (-5, 4, 6, 14.9, 99)] == [0, 0, 1, 1, 2]
    assert SmoothedSeries().nearest(3) == -1
