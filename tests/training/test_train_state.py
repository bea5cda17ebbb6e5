"""What counts as the best so far."""

import math

import pytest

from studio.training.train_state import Standing


@pytest.mark.parametrize(("wanted", "better", "worse"), [("min", 1.0, 2.0), ("max", 2.0, 1.0)])
def test_the_best_is_what_none_was_better_than(wanted, better, worse):
    standing = Standing(step=5)
    assert standing.judge(worse, wanted)
    standing.step = 10
    assert standing.judge(better, wanted)
    standing.step = 15
    assert not standing.judge(worse, wanted)
    assert not standing.judge(better, wanted)  # as good is not better
    assert (standing.best, standing.best_step, standing.stale) == (better, 10, 2)


@pytest.mark.parametrize("wanted", ["min", "max"])
def test_what_is_no_number_is_never_the_best(wanted):
    standing = Standing(step=5)
    assert not standing.judge(math.nan, wanted)
    assert (standing.best, standing.best_step, standing.stale) == (None, -1, 1)
    assert standing.judge(3.0, wanted)
    assert not standing.judge(math.nan, wanted)
    assert (standing.best, standing.stale) == (3.0, 1)
