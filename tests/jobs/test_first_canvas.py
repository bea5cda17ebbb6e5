"""The first canvas of a painting: what a seed does to it, and that clean paint begins without the finest comb."""

import numpy as np
import torch
from style_kit import quick, small_task

from models.backbones import untrained_backbone
from studio.jobs.style.inputs import StyleInputs


def inputs(**changes):
    return StyleInputs(small_task(1), quick(**changes), untrained_backbone("squeezenet1_1"), torch.device("cpu"))


def canvas(**changes):
    return inputs(**changes).blank(72, 96).numpy()


def test_each_seed_is_another_beginning_and_the_same_one_again():
    bare, one, again, other = (canvas(seed=seed) for seed in (0, 1, 1, 2))
    assert np.array_equal(one, again)
    assert np.abs(one - bare).mean() > 0.02
    assert np.abs(one - other).mean() > 0.02


def test_raw_paint_begins_with_the_bare_photo_whatever_the_seed():
    assert np.array_equal(canvas(finish="raw", seed=0), canvas(finish="raw", seed=5))


def test_clean_paint_begins_without_the_period_of_two_pixels():
    comb = torch.tensor([0.3, 0.7]).repeat(1, 3, 16, 8)
    torch.testing.assert_close(inputs().primed(comb)[..., 1:-1], torch.full((1, 3, 16, 14), 0.5))
    assert torch.equal(inputs(finish="raw").primed(comb), comb)
