"""Directions in a latent space: that they are what they claim to be."""

import pytest
import torch
from generator_kit import LESSONS, STYLED, lively

from models.directions import between, components_of_features, components_of_styles, factors_of_weights, moved
from models.latent import latents_of, sampled_styles


def test_principal_components_explain_all_and_are_a_deviation_long():
    generator = lively()
    found = components_of_styles(generator, generator.style)
    assert float(found.shares.sum()) == pytest.approx(1.0, abs=1e-5)
    assert torch.equal(found.shares, found.shares.sort(descending=True).values)
    lengths = found.vectors.norm(dim=1)
    unit = found.vectors[:4] / lengths[:4, None]
    torch.testing.assert_close(unit @ unit.T, torch.eye(4), atol=1e-4, rtol=0)
    w = sampled_styles(generator)
    torch.testing.assert_close(((w - w.mean(0)) @ unit.T).std(0), lengths[:4], rtol=1e-3, atol=0)
    assert torch.equal(found.vectors, components_of_styles(generator, generator.style).vectors)


@pytest.mark.parametrize("facts", [STYLED, LESSONS])
def test_the_first_factor_of_the_weights_changes_scales_and_shifts_most(facts):
    generator = lively(facts)
    found, weights = factors_of_weights(generator, 4), generator.style_weights()
    unit = found.vectors / found.vectors.norm(dim=1, keepdim=True)
    effects = (weights @ unit.T).norm(dim=0)
    assert torch.equal(effects, effects.sort(descending=True).values)
    others = torch.nn.functional.normalize(latents_of(range(50), generator.style), dim=1)
    assert float((weights @ others.T).norm(dim=0).max()) < float(effects[0])


def test_along_a_component_of_the_features_features_change_more_than_along_others():
    generator, heard = lively(), []

    def listen(stage, x):
        if stage == 1:
            heard.append(x.flatten(1))
        return x

    way = components_of_features(generator, 1, 3).vectors[:1]
    chances = torch.nn.functional.normalize(latents_of(range(24), generator.style), dim=1) * way.norm()
    w = generator.by_stage(sampled_styles(generator, 16))
    for direction in (0 * way, way, *chances[:, None]):
        generator.synthesise(moved(w, direction, torch.ones(1)), listen)
    along, *others = ((x - heard[0]).norm().item() for x in heard[1:])
    assert along > sum(others) / len(others)


def test_moving_along_directions_is_straight_and_can_keep_to_some_stages():
    w, vectors = torch.zeros(2, 3, 4), torch.eye(4)[:2]
    there = moved(w, vectors, torch.tensor([2.0, -1.0]), (1, 3))
    assert torch.equal(there[:, 0], w[:, 0])
    assert there[0, 1].tolist() == there[1, 2].tolist() == [2, -1, 0, 0]
    torch.testing.assert_close(moved(there, vectors, torch.tensor([-2.0, 1.0]), (1, 3)), w)


def test_two_groups_of_points_have_a_direction_between_them():
    some, others = torch.randn(200, 5), torch.randn(200, 5) + torch.tensor([0, 0, 3.0, 0, 0])
    direction = between(some, others)
    assert float(direction[0, 2]) == pytest.approx(3.0, abs=0.4)
    assert float(torch.cat([direction[0, :2], direction[0, 3:]]).abs().max()) < 0.5
