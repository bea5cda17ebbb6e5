"""Every formula against its paper, written out here."""

import math

import pytest
import torch
from torch import nn

from models.gan_losses import LOSSES, clamp_weights, gradient_penalty, squared_gradient

REAL = torch.tensor([[1.2, -0.3], [0.4, 2.0]])
FAKE = torch.tensor([[-0.5, 0.1], [1.5, -2.0]])


def each(formula) -> float:
    """The mean of a formula of two plain numbers over all that the critic said."""
    pairs = list(zip(REAL.flatten().tolist(), FAKE.flatten().tolist(), strict=True))
    return sum(formula(real, fake) for real, fake in pairs) / len(pairs)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


PAPERS = {
    "vanilla": (
        lambda r, f: -math.log(sigmoid(r)) - math.log(1 - sigmoid(f)),
        lambda r, f: -math.log(sigmoid(f)),
    ),
    "wasserstein": (lambda r, f: f - r, lambda r, f: -f),
    "hinge": (lambda r, f: max(0.0, 1 - r) + max(0.0, 1 + f), lambda r, f: -f),
    "relativistic": (
        lambda r, f: -math.log(sigmoid(r - f)),
        lambda r, f: -math.log(sigmoid(f - r)),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_papers(name):
    critic, generator = PAPERS[name]
    assert float(LOSSES[name].critic(REAL, FAKE)) == pytest.approx(each(critic), abs=1e-6)
    assert float(LOSSES[name].generator(FAKE, REAL)) == pytest.approx(each(generator), abs=1e-6)


def quadratic(x: torch.Tensor) -> torch.Tensor:
    """D(x) = ½‖x‖² and 3·Σx: two ways of looking, of which the mean has the gradient (x + 3) / 2."""
    return torch.stack([0.5 * x.square().sum(1), 3 * x.sum(1)], dim=1)


def test_penalties_are_those_written_by_hand():
    x = torch.tensor([[1.0, 2.0], [0.0, -1.0]], requires_grad=True)
    squared = [((1 + 3) / 2) ** 2 + ((2 + 3) / 2) ** 2, (3 / 2) ** 2 + ((-1 + 3) / 2) ** 2]
    assert squared_gradient(quadratic(x), x).item() == pytest.approx(sum(squared) / 2)
    real, fake, share = x.detach(), torch.tensor([[3.0, 0.0], [2.0, 1.0]]), torch.tensor([0.25, 1.0])
    between = [(0.25 * 1 + 0.75 * 3, 0.25 * 2), (0.0, -1.0)]
    lengths = [math.hypot((a + 3) / 2, (b + 3) / 2) for a, b in between]
    expected = sum((length - 1) ** 2 for length in lengths) / 2
    assert gradient_penalty(quadratic, real, fake, share).item() == pytest.approx(expected, rel=1e-6)


def test_one_can_learn_from_a_penalty():
    layer = nn.Linear(3, 1, bias=False)
    x = torch.randn(5, 3, requires_grad=True)
    squared_gradient(layer(x), x).backward()  # ‖w‖², of which the gradient is 2 w
    torch.testing.assert_close(layer.weight.grad, 2 * layer.weight.detach())


def test_clamping_bounds_every_weight():
    critic = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    within = critic[0].weight.detach().clone()
    clamp_weights(critic, 0.1)
    assert max(float(weight.detach().abs().max()) for weight in critic.parameters()) <= 0.1 + 1e-8
    assert torch.equal(critic[0].weight, within.clamp(-0.1, 0.1))


def test_a_small_critic_with_a_penalty_finds_how_far_two_gaussians_are_apart():
    torch.manual_seed(1)
    # W₁ of two Gaussians of one shape is how far their means are apart: 1. A penalty is no hard bound: with λ = 10 the
    # best slope is 1 + W₁/20, and so far too large is what the critic finds
    apart = torch.tensor([0.6, -0.8])
    critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    optimiser = torch.optim.Adam(critic.parameters(), 1e-2, betas=(0.0, 0.9))
    found = []
    for _ in range(250):
        real, fake = torch.randn(128, 2) + apart, torch.randn(128, 2)
        distance = LOSSES["wasserstein"].critic(critic(real), critic(fake))
        loss = distance + 10 * gradient_penalty(critic, real, fake, torch.rand(128))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        found.append(-distance.item())
    assert sum(found[-100:]) / 100 == pytest.approx(1.0, rel=0.1)
