import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.ui.plots.minmax_pyramid import Columns, Growing, Pyramid, thin


def pyramid_of(values, *, pieces=1) -> Pyramid:
    pyramid = Pyramid()
    for piece in np.array_split(np.asarray(values, np.float64), pieces):
        pyramid.extend(piece)
    return pyramid


def thinned(steps, values, edges):
    return thin(Columns(steps, edges), pyramid_of(values))


def noise(count, seed=0):
    return np.random.default_rng(seed).normal(size=count)


def test_what_was_handed_out_outlives_growth():
    growing = Growing()
    growing.put(0, np.arange(60.0))
    view = growing.view
    growing.put(60, np.arange(1000.0))
    np.testing.assert_array_equal(view, np.arange(60.0))
    assert len(growing) == 1060


@pytest.mark.parametrize("pieces", [1, 7, 400])
def test_extremes_enclose_a_range_and_look_no_farther_than_a_quarter_of_it(pieces):
    values = noise(5000)
    pyramid = pyramid_of(values, pieces=pieces)
    starts = np.array([0, 3, 100, 17, 4990, 0, 1234])
    ends = np.array([5000, 4, 117, 1041, 5000, 4999, 3456])
    lows, highs = pyramid.extremes(starts, ends)
    for start, end, low, high in zip(starts, ends, lows, highs, strict=True):
        around = max(end - start, 1) // 4 + 1
        assert values[max(0, start - around) : end + around].min() <= low <= values[start:end].min()
        assert values[max(0, start - around) : end + around].max() >= high >= values[start:end].max()


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6) | st.just(np.nan)), st.integers(1, 20))
def test_growing_in_pieces_comes_to_the_same(values, pieces):
    whole, grown = pyramid_of(values), pyramid_of(values, pieces=pieces)
    every = np.arange(len(values))
    for start in (0, len(values) // 3):
        starts, ends = np.full(len(values), start), np.maximum(every + 1, start + 1)
        for one, other in zip(whole.extremes(starts, ends), grown.extremes(starts, ends), strict=True):
            np.testing.assert_array_equal(one, other)


def test_few_points_are_all_drawn_and_the_ones_just_outside():
    steps, values = np.arange(10.0), noise(10)
    x, y = thinned(steps, values, np.linspace(2.5, 6.5, 101))
    np.testing.assert_array_equal(x, steps[2:8])
    np.testing.assert_array_equal(y, values[2:8])


def test_every_column_of_pixels_shows_its_lowest_and_highest():
    values = noise(100_000)
    edges = np.linspace(0, 100_000, 101)
    x, y = thinned(np.arange(100_000.0), values, edges)
    assert len(x) <= 2 * 100 + 2
    for column in range(100):
        inside = (x >= edges[column]) & (x < edges[column + 1])
        assert y[inside].min() <= values[column * 1000 : (column + 1) * 1000].min()
        assert y[inside].max() >= values[column * 1000 : (column + 1) * 1000].max()


def test_sparse_columns_beside_dense_ones_keep_their_points():
    sparse, dense = np.arange(0.0, 1000.0, 10.0), np.linspace(1000, 1100, 50_000)
    steps, values = np.concatenate([sparse, dense]), noise(50_100)
    x, y = thinned(steps, values, np.linspace(0, 1100, 1101))
    np.testing.assert_array_equal(x[:100], sparse)
    np.testing.assert_array_equal(y[:100], values[:100])
    assert np.all(np.diff(x) >= 0)
    assert len(x) < 400


def test_a_gap_as_wide_as_a_column_breaks_the_line():
    values = noise(10_000)
    values[4000:6000] = np.nan
    x, y = thinned(np.arange(10_000.0), values, np.linspace(0, 10_000, 101))
    assert np.isnan(y[(x > 4100) & (x < 5900)]).all()
    assert np.isfinite(y[(x < 3900) | (x > 6100)]).all()


def test_nothing_and_what_is_out_of_sight():
    x, _ = thinned(np.empty(0), [], np.linspace(0, 1, 10))
    assert len(x) == 0
    x, y = thinned(np.arange(1000.0), noise(1000), np.linspace(2000, 3000, 10))
    assert len(x) == len(y) == 1
