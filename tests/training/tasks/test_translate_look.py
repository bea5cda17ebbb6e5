"""Surfaces are held to those of a real picture that is alike in colour."""

import pytest
import torch

from models.backbones import untrained_backbone
from studio.training.tasks.translate_look import Look


@pytest.fixture
def look():
    return Look(untrained_backbone("slim", seed=0))


def textured(level, seed=0, amount=0.1):
    chance = torch.Generator().manual_seed(seed)
    return (level + amount * torch.randn(1, 3, 64, 64, generator=chance)).clamp(0, 1)


def test_a_sky_is_compared_with_a_sky(look):
    sky, wood = textured(0.8, 1), (textured(0.2, 2, 0.02) + 0.3 * (torch.arange(64) % 8 > 3)).clamp(0, 1)
    for picture in (sky, wood):
        look.remember("b", picture)
    torch.manual_seed(0)
    given = torch.full((1, 3, 64, 64), 0.8)
    alike, smooth = look.distance(textured(0.8, 3), given, "b"), look.distance(given, given, "b")
    assert float(alike) < float(smooth) / 3
    alone = Look(untrained_backbone("slim", seed=0))
    alone.remember("b", wood)
    assert float(alone.distance(textured(0.8, 3), given, "b")) > 3 * float(alike)


def test_it_asks_for_no_colours_and_for_nothing_at_borders(look):
    grey = textured(0.5, 1).mean(dim=1, keepdim=True).expand(-1, 3, -1, -1).contiguous()
    look.remember("b", textured(0.7, 2, 0.2) * torch.tensor([1.0, 0.8, 0.4]).view(1, 3, 1, 1))
    painted = grey.clone().requires_grad_(True)
    torch.manual_seed(0)
    as_grey = float(look.distance(painted, grey, "b").detach())
    coloured = (grey + torch.tensor([0.2, 0.0, -0.2]).view(1, 3, 1, 1) * torch.rand(1, 1, 64, 64)).clamp(0, 1)
    assert as_grey < float(look.distance(coloured, grey, "b"))
    look.distance(painted, grey, "b").backward()
    assert painted.grad[..., :4, :].abs().max() == painted.grad[..., -4:].abs().max() == 0
    assert painted.grad[..., 20:-20, 20:-20].abs().max() > 0


def test_gradients_reach_the_picture_and_nothing_else(look):
    look.remember("a", textured(0.5))
    painted = torch.full((2, 3, 64, 64), 0.5, requires_grad=True)
    look.distance(painted, painted.detach(), "a").backward()
    assert float(painted.grad.abs().max()) > 0
    assert all(weight.grad is None for weight in look._backbone.parameters())


def test_what_it_remembers_is_kept_with_the_run_and_goes_with_the_size(look):
    for seed in range(40):
        look.remember("a", textured(0.5, seed))
    kept = look.state_dict()
    assert (len(kept["a"]), len(kept["b"])) == (32, 0)
    assert torch.equal(kept["a"][-1], (textured(0.5, 39)[0] * 255).round().to(torch.uint8))
    other = Look(untrained_backbone("slim", seed=0))
    other.load_state_dict(kept)
    distances = []
    for one in (look, other):
        torch.manual_seed(0)
        distances.append(float(one.distance(textured(0.4), textured(0.4), "a")))
    assert distances[0] == distances[1]
    look.remember("a", torch.rand(1, 3, 32, 32))  # the schedule goes on with another size
    assert len(look.state_dict()["a"]) == 1
