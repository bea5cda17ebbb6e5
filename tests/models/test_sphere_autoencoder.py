"""Giving pictures back through codes on a sphere: the formulas, written out."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.backbones import untrained_backbone
from models.gan import StyledGenerator
from models.sphere_autoencoder import Autoencoder, GivingBack, evenness, mixed_with_noise, on_sphere


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.0, math.pi / 2), st.integers(2, 40))
def test_codes_mixed_with_noise_stay_on_the_sphere_from_the_code_to_the_noise(angle, numbers):
    code, noise = (on_sphere(torch.randn(3, numbers, generator=chance(seed))) for seed in (0, 1))
    mixed = mixed_with_noise(code, noise, torch.full((3,), angle))
    assert torch.allclose(mixed.norm(dim=1), torch.full((3,), math.sqrt(numbers)), rtol=1e-4)
    assert torch.allclose(mixed_with_noise(code, noise, torch.zeros(3)), code, atol=1e-5)
    assert torch.allclose(mixed_with_noise(code, noise, torch.full((3,), math.pi / 2)), noise, atol=1e-4)


def test_evenness_is_that_of_wang_and_isola():
    codes = torch.randn(5, 8, generator=chance())
    unit = codes / codes.norm(dim=1, keepdim=True)
    pairs = [(one, other) for one in range(5) for other in range(one)]
    expected = math.log(sum(math.exp(-4 * float((unit[a] - unit[b]).square().sum())) for a, b in pairs) / len(pairs))
    assert evenness(codes).item() == pytest.approx(expected, rel=1e-5)
    assert evenness(torch.ones(4, 8)).item() == pytest.approx(0.0, abs=1e-4)  # all one and the same
    assert evenness(torch.eye(4)).item() == pytest.approx(-8.0)  # at right angles: ‖e − e′‖² = 2
    assert evenness(codes[:1]).item() == 0.0


def test_what_was_nearly_all_noise_owes_nothing():
    real = torch.rand(3, 3, 32, 32, generator=chance()) * 2 - 1
    goodness = GivingBack(untrained_backbone("slim"), real)
    made = real.clone()
    made[1] = -made[1]
    assert all(term.item() == 0.0 for term in goodness(real, real, torch.ones(3)).values())
    assert all(term.item() == 0.0 for term in goodness(made, real, torch.tensor([1.0, 0.0, 1.0])).values())
    terms = goodness(made, real, torch.tensor([1.0, 0.5, 1.0]))
    assert terms["pixels"].item() == pytest.approx(
        4 * (0.5 * (made[1] - real[1]).abs() / 2).mean().item() / 3, rel=1e-4
    )
    assert terms["features"] > 0


def test_an_autoencoder_encodes_onto_the_sphere_and_both_halves_learn():
    both = Autoencoder(StyledGenerator((8, 8, 8), latent=6, style=8, blocks=1), width=4)
    real = torch.rand(4, 3, 16, 16, generator=chance()) * 2 - 1
    codes = both.encode(real)
    assert codes.shape == (4, 6)
    assert torch.allclose(codes.norm(dim=1), torch.full((4,), math.sqrt(6)), rtol=1e-4)
    (both.generator(codes) - real).abs().mean().backward()
    for half in (both.generator, both.encoder):
        assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in half.parameters())
