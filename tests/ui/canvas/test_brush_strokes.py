"""How paint is laid down: edges, opacity, flow, colours, and the tiles that take a stroke back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.ui.canvas.brush import Brush, Stroke, tip_of
from studio.ui.canvas.painted_map import TILE, PackedTiles, PaintedMap, Region, size_of_map


def drawn(painted, brush, *spots, radius=20.0, strength=1.0, erases=False):
    """Draw through these spots; returns the stroke."""
    stroke = Stroke(painted, brush, erases=erases)
    for x, y in spots:
        stroke.go_to(x, y, radius, strength)
    stroke.lift()
    return stroke


@pytest.mark.parametrize("radius", [1.5, 7.0, 40.0, 150.0])
def test_the_edge_of_a_line_is_straight_to_less_than_half_a_pixel(radius):
    painted = PaintedMap.blank(900, 400)
    drawn(painted, Brush(), (200, 200), (400, 200), (700, 200), radius=radius)
    widths = painted.pixels[:, 260:640].sum(axis=0) / 255
    assert widths.mean() == pytest.approx(2 * radius, abs=0.6, rel=0.006)
    assert np.ptp(widths) <= 0.8  # of both edges


def test_a_soft_brush_fades_from_its_hard_middle_to_its_edge():
    tip, _, _ = tip_of(50.0, 0.5, 100.0, 100.0)
    middle = tip[tip.shape[0] // 2].astype(int)
    from_centre = np.abs(np.arange(len(middle)) - len(middle) // 2)
    assert (middle[from_centre < 24] == 255).all()
    assert middle[from_centre == 38].mean() == pytest.approx(128, abs=10)
    assert (middle[from_centre > 51] == 0).all()


@pytest.mark.parametrize("hardness", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("flow", [0.5, 1.0])
def test_no_dabs_are_seen_along_a_line(hardness, flow):
    painted = PaintedMap.blank(500, 120)
    drawn(painted, Brush(hardness=hardness, flow=flow), (40, 60), (200, 60), (460, 60), radius=30)
    along = painted.pixels[:, 120:380].astype(int)
    assert np.ptp(along, axis=1).max() <= 12  # of 255


def test_a_stroke_that_crosses_itself_is_no_denser_there_and_the_next_one_is():
    painted, brush = PaintedMap.blank(300, 300), Brush(opacity=0.5)
    drawn(painted, brush, (50, 150), (250, 150), (150, 250), (150, 50))
    assert painted.pixels.max() == 128
    drawn(painted, brush, (50, 150), (250, 150))
    assert painted.pixels[150, 150] == pytest.approx(255 * 0.75, abs=1)


def test_paint_gathers_where_a_brush_of_little_flow_lingers():
    painted, brush = PaintedMap.blank(200, 200), Brush(flow=0.1)
    stroke = Stroke(painted, brush)
    stroke.go_to(100, 100, 20)
    once = int(painted.pixels[100, 100])
    for _ in range(40):
        stroke.go_to(110, 100, 20)
        stroke.go_to(90, 100, 20)
    assert once == pytest.approx(25.5, abs=5)
    assert painted.pixels[100, 100] > 250


def test_pressure_makes_a_line_thinner_or_lighter_as_one_asks():
    assert [Brush(diameter=40, pressure=kind).width_at(0.0) for kind in ("size", "both", "flow", "off")] == [
        10, 10, 40, 40,
    ]  # fmt: skip
    assert [Brush(pressure=kind).strength_at(0.5) for kind in ("size", "both", "flow", "off")] == [1, 0.5, 0.5, 1]
    painted = PaintedMap.blank(200, 100)
    drawn(painted, Brush(pressure="flow"), (50, 50), (150, 50), strength=0.5)
    assert painted.pixels[50, 100] == pytest.approx(128, abs=1)


def test_colours_are_laid_over_one_another_and_erased():
    painted = PaintedMap.blank(200, 100, colours=True)
    drawn(painted, Brush(colour=(200, 40, 20)), (50, 50), (150, 50))
    assert painted.pixels[50, 100].tolist() == [200, 40, 20, 255]
    assert painted.pixels[5, 100].tolist() == [0, 0, 0, 0]
    drawn(painted, Brush(colour=(0, 40, 220), opacity=0.5), (50, 50), (150, 50))
    assert painted.pixels[50, 100].tolist() == pytest.approx([100, 40, 120, 255], abs=1)
    drawn(painted, Brush(), (50, 50), (150, 50), erases=True)
    assert painted.pixels[50, 100, 3] == 0


spots = st.lists(st.tuples(st.floats(-50, 350), st.floats(-50, 250)), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(first=spots, second=spots, erases=st.booleans(), flow=st.sampled_from([0.2, 1.0]), radius=st.floats(0.5, 90))
def test_tiles_bring_back_to_the_bit_what_was_there(first, second, erases, flow, radius):
    painted = PaintedMap.blank(300, 200)
    drawn(painted, Brush(), *first, radius=30)
    before = painted.pixels.copy()
    stroke = drawn(painted, Brush(flow=flow, hardness=0.5), *second, radius=radius, erases=erases)
    after, tiles = painted.pixels.copy(), stroke.tiles()
    undone, _ = painted.swap(tiles)
    assert np.array_equal(painted.pixels, before)
    painted.swap(undone)
    assert np.array_equal(painted.pixels, after)
    aborted = Stroke(painted, Brush())
    aborted.go_to(100, 100, 40)
    aborted.abort()
    assert np.array_equal(painted.pixels, after)


def test_only_tiles_that_changed_are_kept_and_plain_ones_take_one_pixel():
    painted = PaintedMap.blank(2000, 1500)
    tiles = drawn(painted, Brush(), (300, 300), (700, 300)).tiles()
    assert 4 <= len(tiles) <= 8
    assert sum(tile.nbytes for tile in tiles.values()) == len(tiles)  # nothing was there
    redone, region = painted.swap(PackedTiles(tiles).tiles())
    assert PackedTiles(redone).nbytes < 0.1 * sum(tile.nbytes for tile in redone.values())
    assert 0 < sum(tile.nbytes for tile in redone.values()) <= len(tiles) * TILE * TILE
    assert region.right - region.left < 700


def test_a_map_is_as_fine_as_its_picture_up_to_a_limit():
    assert size_of_map(4000, 3000) == (4000, 3000)
    assert size_of_map(8192, 2048) == (4096, 1024)
    assert Region(-5, 2, 40, 10).within(20, 20) == Region(0, 2, 20, 10)
