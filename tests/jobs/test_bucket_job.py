"""The bucket fills a drawing up to its lines, and below their soft edges: nothing pale stays between."""

import numpy as np
import pytest

from studio.core.controls import Controls
from studio.core.drawing import laid_over
from studio.core.events import finish
from studio.jobs.masks.bucket import BucketTask, fill_area

SIDE, RADIUS = 128, 40
PAPER = np.full((SIDE, SIDE, 3), 255, np.uint8)
GREEN = (0, 160, 0)


def ring(half_width=8.0, hardness=0.4):
    """A black circle drawn with a soft brush: opaque in its middle, fading to both sides."""
    down, across = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    away = np.abs(np.hypot(down, across) - RADIUS) / half_width
    layer = np.zeros((SIDE, SIDE, 4), np.uint8)
    layer[..., 3] = np.rint(255 * np.clip((1 - away) / (1 - hardness), 0, 1))
    return layer


def blank():
    return np.zeros((SIDE, SIDE, 4), np.uint8)


def filled(layer, drawing, place):
    return finish(fill_area(BucketTask(layer.copy(), drawing, place, 0.5, 0.5, GREEN, 28), Controls(None)))


@pytest.mark.parametrize("others", ["none", "lines above", "lines below"])
def test_a_fill_reaches_below_the_soft_edge_of_a_line_and_not_beyond(others):
    line = ring()
    if others == "none":
        drawn = [filled(line, [line], 0)]
    elif others == "lines above":
        drawn = [filled(blank(), [blank(), line], 0), line]
    else:
        drawn = [line, filled(blank(), [line, blank()], 1)]
    seen, before = laid_over(PAPER, drawn).astype(int), laid_over(PAPER, [line]).astype(int)
    row = seen[SIDE // 2, SIDE // 2 :]  # from the middle outwards
    inner, core = row[: RADIUS - 8], row[RADIUS]
    assert (inner == GREEN).all()
    assert core.max() <= 3  # the line stays as black as it was
    assert (np.diff(row[:RADIUS, 1]) <= (8 if others == "lines below" else 1)).all()  # from green to black
    assert row[:RADIUS, 0].max() <= (110 if others == "lines below" else 3)  # no red: nothing of the paper's white
    beyond = np.s_[: SIDE // 2 - RADIUS - 2]
    assert np.array_equal(seen[SIDE // 2, beyond], before[SIDE // 2, beyond])


def test_a_hard_line_is_neither_painted_over_nor_crossed():
    line = blank()
    line[20:100, 20:100], line[26:94, 26:94] = (0, 0, 0, 255), 0
    made = filled(line, [line], 0)
    assert made[60, 60].tolist() == [*GREEN, 255]
    assert np.array_equal(made[line[..., 3] > 0], line[line[..., 3] > 0])
    assert not made[:20].any()


def test_what_is_taken_away_leaves_the_line_as_it_is():
    line = ring()
    full = filled(line, [line], 0)
    task = BucketTask(full.copy(), [full], 0, 0.5, 0.5, None, 28)
    emptied = finish(fill_area(task, Controls(None)))
    assert emptied[SIDE // 2, SIDE // 2, 3] == 0
    assert emptied[SIDE // 2, SIDE // 2 + RADIUS].tolist() == [0, 0, 0, 255]
