import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.ui.canvas.camera import FIT_MARGIN, MAX_ZOOM, clamp_origin, clamp_zoom, fit_zoom


def test_fit_leaves_a_margin_on_the_tighter_axis():
    zoom = fit_zoom((1600, 1000), (800, 600), 1.0)
    assert zoom == pytest.approx((800 - 2 * FIT_MARGIN) / 1600)


def test_fit_counts_device_pixels():
    assert fit_zoom((1600, 1000), (800, 600), 2.0) == pytest.approx(2 * fit_zoom((1600, 1000), (800, 600), 1.0))


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 3000), st.integers(1, 3000))
def test_a_fitted_picture_never_exceeds_the_view(width, height, across, down):
    zoom = fit_zoom((width, height), (across, down), 1.0)
    assert zoom > 0
    assert width * zoom <= across + 1e-6
    assert height * zoom <= down + 1e-6


def test_zoom_stays_within_its_limits_but_the_whole_picture_can_always_be_seen():
    assert clamp_zoom(1000.0, 0.5) == 64.0
    assert clamp_zoom(0.0001, 0.5) == 0.02
    assert clamp_zoom(0.0001, 0.005) == 0.005
    assert clamp_zoom(1000.0, 200.0) == 200.0
    assert clamp_zoom(70.0, 0.5) == MAX_ZOOM


@given(st.floats(-1e5, 1e5), st.floats(1, 1e4), st.integers(1, 3000))
def test_panning_stops_when_the_edge_reaches_the_middle(origin, picture, view):
    place = clamp_origin(origin, picture, view, centred=False)
    assert -view / 2 - 0.5 <= place <= picture - view / 2 + 0.5
    if -view / 2 < origin < picture - view / 2:
        assert abs(place - origin) <= 0.5


def test_a_whole_picture_is_centred_wherever_one_pulls():
    assert {clamp_origin(pull, 100, 400, centred=True) for pull in (-math.pi, 0, 999)} == {-150}
