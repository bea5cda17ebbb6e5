"""The network that fills holes: it begins with a membrane, and leaves alone what is no hole."""

import numpy as np
import pytest
import torch
from retouch_kit import small_filler

from models.inpainter import Inpainter, membrane


def hole_in(height: int, width: int, top: int, left: int, side: int) -> torch.Tensor:
    hole = torch.zeros(1, 1, height, width)
    hole[..., top : top + side, left : left + side] = 1
    return hole


def test_a_membrane_over_a_ramp_is_the_ramp():
    # a linear function solves Laplace's equation, whatever the hole
    ramp = (torch.arange(40.0).view(1, 1, 1, 40) * 0.5 + torch.arange(32.0).view(1, 1, 32, 1)) / 60
    picture, hole = ramp.expand(1, 3, 32, 40).clone(), hole_in(32, 40, 10, 12, 9)
    made = membrane(picture * (1 - hole), hole, sweeps=200)
    assert (made - picture).abs().max() < 2e-3
    assert torch.equal(made[(1 - hole).expand_as(made) > 0], picture[(1 - hole).expand_as(picture) > 0])


def test_a_membrane_is_between_what_is_around_it_and_about_the_mean_of_its_neighbours():
    picture = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    hole = hole_in(48, 48, 14, 18, 12)
    made = membrane(picture, hole, sweeps=400)
    inside = made[0, :, 14:26, 18:30]
    rim = torch.cat([made[0, :, 13, 17:31], made[0, :, 26, 17:31], made[0, :, 13:27, 17], made[0, :, 13:27, 30]], 1)
    assert inside.amin() >= rim.amin() - 1e-4
    assert inside.amax() <= rim.amax() + 1e-4
    mean = (
        made[0, :, 13:25, 18:30] + made[0, :, 15:27, 18:30] + made[0, :, 14:26, 17:29] + made[0, :, 14:26, 19:31]
    ) / 4
    assert (inside - mean).abs().max() < 2e-3


def test_what_a_picture_holds_in_its_hole_is_not_heeded():
    picture, hole = torch.rand(2, 3, 21, 34), hole_in(21, 34, 5, 5, 8).expand(2, -1, -1, -1)
    network = small_filler()
    with torch.no_grad():
        assert torch.equal(network(picture, hole), network(torch.where(hole > 0, 7.0, picture), hole))


def test_outside_its_holes_a_picture_stays_bit_for_bit():
    picture, hole = torch.rand(1, 3, 37, 50), hole_in(37, 50, 9, 20, 11)
    with torch.no_grad():
        made = small_filler()(picture, hole)
    assert made.shape == picture.shape
    outside = (hole == 0).expand_as(made)
    assert torch.equal(made[outside], picture[outside])
    assert not torch.equal(made[~outside], membrane(picture, hole)[~outside])


def test_a_picture_that_is_gone_altogether_is_finite():
    made = membrane(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
    assert torch.equal(made, torch.zeros_like(made))


def test_untrained_it_is_the_membrane_and_all_of_it_learns_from_the_second_step_on():
    network = Inpainter()
    network.initialise(torch.Generator().manual_seed(0))
    assert sum(weight.numel() for weight in network.parameters()) == pytest.approx(2.89e6, rel=0.01)
    picture = torch.from_numpy(np.random.default_rng(0).random((1, 3, 64, 64), np.float32))
    hole = hole_in(64, 64, 20, 20, 16)
    assert torch.equal(network(picture, hole), membrane(picture, hole))
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(2):
        optimiser.zero_grad()
        (network(picture, hole) - picture).square().mean().backward()
        optimiser.step()
    assert all(weight.grad.abs().sum() > 0 for weight in network.parameters())
