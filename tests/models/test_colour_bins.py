"""The grid over colours: what is in it, how a colour lies between its squares, what counts more."""

import pytest
import torch

from models.colour_bins import BIN_SIDE, bin_centres, rarity, soft_bins


def test_the_grid_holds_what_srgb_has():
    centres = bin_centres()
    assert 80 < len(centres) < 120
    assert (centres == 0).all(dim=1).any()
    for colour in ((80.0, 64.0), (-80.0, 80.0), (80.0, -96.0)):  # about red, green and blue
        assert (centres - torch.tensor(colour)).norm(dim=1).min() <= BIN_SIDE
    assert (centres - torch.tensor([-90.0, -90.0])).norm(dim=1).min() > 2 * BIN_SIDE  # there is no such colour


def test_a_colour_is_shared_among_the_nearest():
    centres = bin_centres()
    ab = torch.tensor([[0.0, 0.0], [8.0, 0.0]]).T[None, :, None]
    nearest, share = soft_bins(ab)
    assert nearest.shape == share.shape == (1, 4, 1, 2)
    assert torch.allclose(share.sum(dim=1), torch.ones(1, 1, 2))
    assert centres[nearest[0, 0, 0, 0]].tolist() == [0, 0]
    assert share[0, 0, 0, 0] > 0.6
    assert share[0, :2, 0, 1].tolist() == pytest.approx([float(share[0, 0, 0, 1])] * 2)  # in the middle between two
    assert {tuple(centres[i].tolist()) for i in nearest[0, :2, 0, 1]} == {(0.0, 0.0), (16.0, 0.0)}


def test_rare_colours_count_more_and_all_together_as_much_as_before():
    counts = torch.tensor([900.0, 90.0, 10.0, 0.0])
    weights = rarity(counts, 0.5)
    assert weights.diff().gt(0).all()
    assert float((weights * counts / counts.sum()).sum()) == pytest.approx(1.0)
    assert weights[2] / weights[0] == pytest.approx((0.5 * 0.9 + 0.125) / (0.5 * 0.01 + 0.125))
    assert torch.allclose(rarity(counts, 1.0), torch.ones(4))
