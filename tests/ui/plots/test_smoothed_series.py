import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


def means_of(series: SmoothedSeries):
    return series.mean_at(np.arange(len(series)))


def series_of(values, span, *, pieces=1) -> SmoothedSeries:
    series = SmoothedSeries(span)
    for piece in np.array_split(np.asarray(values, np.float64), pieces):
        series.extend(np.arange(len(series), len(series) + len(piece)), piece)
        means_of(series)  # somebody looks at it all the while
    return series


@pytest.mark.parametrize("span", [1, 2, 25, 2000])
@pytest.mark.parametrize("pieces", [1, 3, 50])
def test_the_mean_follows_its_formula_however_it_is_cut(span, pieces):
    values = noise(20_000)
    smooth = means_of(series_of(values, span, pieces=pieces))
    np.testing.assert_allclose(smooth, mean_by_the_formula(values, span), rtol=1e-9, atol=1e-12)


@given(
    arrays(np.float64, st.integers(1, 100), elements=st.floats(-1e3, 1e3) | st.sampled_from([np.nan, np.inf, -np.inf])),
    st.integers(1, 10),
    st.floats(1.01, 500),
)
def test_gaps_stay_gaps_and_do_not_pull(values, pieces, span):
    smooth = means_of(series_of(values, span, pieces=pieces))
    np.testing.assert_allclose(smooth, mean_by_the_formula(values, span), rtol=1e-9, atol=1e-9)


def test_the_mean_is_the_same_wherever_it_is_asked_for():
    series = series_of(noise(1000), 25)
    some = np.array([0, 1, 15, 16, 17, 500, 998, 999, 3])
    np.testing.assert_array_equal(series.mean_at(some), means_of(series)[some])


def test_the_first_value_is_shown_as_it_is():
    assert series_of([7.0], 1000).mean_at(np.array([0]))[0] == pytest.approx(7.0)


def test_a_view_that_grew_is_read_from_where_it_was_known():
    room, series = noise(1000), SmoothedSeries(10)
    assert series.replace(np.arange(400), room[:400])
    assert not series.replace(np.arange(400), room[:400])
    known = room[:400].copy()
    room[:400] = 0.0  # what is known of the same memory is not looked at again
    assert series.replace(np.arange(700), room[:700])
    room[:400] = known
    np.testing.assert_array_equal(series.values, room[:700])
    np.testing.assert_allclose(means_of(series), mean_by_the_formula(room[:700], 10))


def test_a_series_that_moved_to_more_room_is_known_again():
    values, series = noise(1000), SmoothedSeries(10)
    values[5] = np.nan
    series.replace(np.arange(400), values[:400])
    kept = series._raw
    series.replace(np.arange(1000), values.copy())
    assert series._raw is kept  # it grew: nothing was begun anew
    np.testing.assert_allclose(means_of(series), mean_by_the_formula(values, 10))


def test_a_series_that_was_taken_back_begins_anew():
    room, series = noise(1000), SmoothedSeries(10)
    series.replace(np.arange(700), room[:700])
    means_of(series)
    shorter = room[:500].copy()  # what the history of a resumed run hands out
    series.replace(np.arange(500), shorter)
    np.testing.assert_array_equal(series.values, shorter)
    np.testing.assert_allclose(means_of(series), mean_by_the_formula(shorter, 10))


def test_another_span_acts_at_once():
    values = noise(5000)
    series = series_of(values, 10)
    for span in (100, 300):
        series.set_span(span)
        np.testing.assert_allclose(means_of(series), mean_by_the_formula(values, span))


def test_without_smoothing_the_values_are_the_line():
    series = series_of(noise(100), 25)
    series.set_span(1)
    assert not series.is_smoothed
    np.testing.assert_array_equal(means_of(series), series.values)
    series.extend(np.arange(100, 150), noise(50, 1))
    series.set_span(25)
    np.testing.assert_allclose(means_of(series), mean_by_the_formula(series.values, 25))


def drawn_mean(series: SmoothedSeries, *edges):
    return series.drawn_mean(series.columns(np.linspace(*edges)))


def test_few_means_are_all_drawn_and_the_ones_just_outside():
    series = series_of(noise(10), 4)
    x, y = drawn_mean(series, 2.5, 6.5, 101)
    np.testing.assert_array_equal(x, np.arange(2, 8))
    np.testing.assert_array_equal(y, means_of(series)[2:8])


def test_a_smooth_line_gets_one_point_a_column():
    series = series_of(np.linspace(0, 1, 10_000), 10)
    x, y = drawn_mean(series, 0, 10_000, 101)
    np.testing.assert_array_equal(x, np.arange(99, 10_000, 100))
    # the line lies by span − 1 steps behind, and is drawn at the end of what was averaged
    np.testing.assert_allclose(y, x / 10_000, atol=0.008)


def test_a_column_of_many_shows_the_average_of_the_mean_at_every_16th():
    series = series_of(noise(6400), 25)
    x, y = drawn_mean(series, -0.5, 6399.5, 11)  # ten columns of 640
    every_16th = means_of(series)[15::16].reshape(10, 40)
    np.testing.assert_array_equal(x, np.arange(639, 6400, 640))
    np.testing.assert_allclose(y, every_16th.mean(axis=1))


def test_a_gap_as_wide_as_a_column_breaks_the_smooth_line():
    values = noise(10_000)
    values[4000:6000] = np.nan
    x, y = drawn_mean(series_of(values, 25), 0, 10_000, 101)
    assert np.isnan(y[(x > 4100) & (x < 5900)]).all()
    assert np.isfinite(y[(x < 3900) | (x > 6100)]).all()


def test_nothing_and_gaps_alone_can_be_drawn():
    assert len(drawn_mean(SmoothedSeries(25), 0, 1, 10)[0]) == 0
    _, y = drawn_mean(series_of(np.full(500, np.nan), 25), 0, 500, 10)
    assert np.isnan(y).all()


def test_the_nearest_value_is_found():
    series = SmoothedSeries()
    series.extend(np.array([0, 10, 20]), np.zeros(3))
    assert [series.nearest(step) for step in (-5, 4, 6, 14.9, 99)] == [0, 0, 1, 1, 2]
    assert SmoothedSeries().nearest(3) == -1
