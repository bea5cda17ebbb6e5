"""How features are spread: the sliced Wasserstein distance as its paper writes it."""

import math

import torch

from models.sliced_wasserstein import sliced_wasserstein


def test_along_one_direction_it_is_the_distance_of_what_is_equal_in_order():
    one, other = torch.rand(1, 1, 4, 4), torch.rand(1, 1, 4, 4)
    by_hand = (
        sum((a - b) ** 2 for a, b in zip(sorted(one.flatten().tolist()), sorted(other.flatten().tolist()), strict=True))
        / 16
    )
    assert math.isclose(float(sliced_wasserstein(one, other)), by_hand, rel_tol=1e-4)


def test_where_things_are_is_nothing_to_it():
    features = torch.rand(2, 5, 6, 6)
    elsewhere = features.flatten(2)[:, :, torch.randperm(36)].view(2, 5, 6, 6)
    assert float(sliced_wasserstein(features, elsewhere)) < 1e-6
    assert float(sliced_wasserstein(features, features + 1)) > 0.1


def test_clouds_of_equal_moments_are_told_apart():
    """A lattice has two values, grain has many: to a Gram matrix both are the same."""
    lattice = torch.ones(1, 1, 64, 64)
    lattice[..., ::2] = -1.0
    grain = torch.randn(1, 1, 64, 64)
    grain = (grain - grain.mean()) / grain.square().mean().sqrt()
    assert torch.allclose(lattice.square().mean(), grain.square().mean(), atol=1e-3)
    assert float(sliced_wasserstein(lattice, grain)) > 0.2


def test_larger_maps_are_taken_at_even_steps_and_gradients_arrive():
    one = torch.rand(1, 3, 8, 8, requires_grad=True)
    larger = one.detach().repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert float(sliced_wasserstein(one, larger).detach()) < 1e-9
    sliced_wasserstein(one, larger + torch.rand(1, 1, 16, 16)).backward()
    assert float(one.grad.abs().max()) > 0
