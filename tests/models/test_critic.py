"""The critics: the lesson's layout, what their losses and accuracies are, the pool of earlier results."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from models.backbones import untrained_backbone
from models.critic import (
    AidedCritic,
    LessonCritic,
    PredictionPool,
    SlimCritic,
    SlimPatchCritic,
    accuracy,
    adaptive_loss,
)
from models.cyclegan import PatchCritic
from models.unet import SelfAttention


def test_the_lessons_critic_is_laid_out_as_its_gan_critic():
    critic = LessonCritic(width=8)
    kernels = [layer for layer in critic.modules() if isinstance(layer, nn.Conv2d)]
    shapes = [(layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0]) for layer in kernels]
    assert shapes == [
        (3, 8, 4, 2), (8, 8, 3, 1), (8, 8, 3, 1), (16, 32, 4, 2), (32, 64, 4, 2), (64, 128, 4, 2), (128, 1, 4, 1),
    ]  # fmt: skip
    assert all(parametrize.is_parametrized(layer, "weight") for layer in kernels)
    assert [layer.p for layer in critic.modules() if isinstance(layer, nn.Dropout2d)] == [0.075, 0.15, 0.15, 0.15]
    assert [layer.value.in_channels for layer in critic.modules() if isinstance(layer, SelfAttention)] == [32]
    (logits,) = critic(torch.rand(2, 3, 128, 96))
    assert logits.shape == (2, 5 * 3)


def test_spectral_norm_bounds_how_much_a_layer_can_exaggerate():
    critic = LessonCritic(width=8).train()
    for _ in range(30):  # power iteration
        critic(torch.rand(1, 3, 64, 64))
    first = next(layer for layer in critic.modules() if isinstance(layer, nn.Conv2d))
    assert float(torch.linalg.matrix_norm(first.weight.detach().flatten(1), 2)) == pytest.approx(1.0, rel=1e-2)


def test_a_trained_critic_looks_through_a_network_that_neither_learns_nor_is_saved():
    backbone = untrained_backbone("slim", seed=0)
    critic = SlimCritic(backbone, width=8)
    before = copy.deepcopy(backbone.state_dict())
    assert not any("backbone" in name or "features" in name for name in critic.state_dict())
    picture = torch.rand(1, 3, 32, 32, requires_grad=True)
    verdicts = critic(picture)
    assert [logits.shape[1] for logits in verdicts] == [32**2, 16**2, 8**2, 4**2]
    loss = adaptive_loss(verdicts, photo=True)
    loss.backward()
    assert float(picture.grad.abs().max()) > 0
    assert all(weight.grad is not None for weight in critic.parameters())
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())


def test_a_trained_critic_of_places_says_of_each_what_all_its_ways_of_looking_find_there():
    critic = SlimPatchCritic(untrained_backbone("slim", seed=0), width=8).eval()
    picture = torch.rand(2, 3, 32, 48)
    maps = critic(picture)
    assert maps.shape == (2, 4, 4, 6)  # an eighth of the sides
    finest, *_, coarsest = SlimCritic.forward(critic, picture)
    blocks = finest.view(2, 4, 8, 6, 8).mean(dim=(2, 4))
    assert torch.allclose(maps[:, 0], blocks, atol=1e-5)
    assert torch.allclose(maps[:, 3].flatten(1), coarsest, atol=1e-5)


def test_to_a_critic_of_places_a_trace_upon_an_even_sky_is_a_trace():
    critic = SlimPatchCritic(untrained_backbone("slim", seed=0), width=8).eval()
    picture = torch.rand(1, 3, 64, 64)
    picture[:, :, :, :32] = 0.5
    faint = picture.clone()
    faint[:, :, :, :32] += (torch.rand(1, 3, 64, 32) - 0.5) / 255
    strong = picture.clone()
    strong[:, :, :, :32] = torch.rand(1, 3, 64, 32)
    by_trace, by_texture = (float((critic(other) - critic(picture)).abs().max().detach()) for other in (faint, strong))
    assert by_trace < by_texture / 20


def test_a_critic_that_is_aided_hears_both_alike():
    places, looks = PatchCritic(4, depth=2), SlimPatchCritic(untrained_backbone("slim", seed=0), width=8).eval()
    picture = torch.rand(2, 3, 64, 48)
    inner = picture[:, :, 3:-3, 3:-3]
    own, maps = places(inner), AidedCritic(places, looks)(picture)
    assert maps.shape == (2, 8, *own.shape[2:])
    assert all(torch.equal(maps[:, number], own[:, 0]) for number in range(4))
    assert torch.allclose(maps[:, 4:].mean(), looks(inner).mean(), atol=0.05)


def test_ways_of_looking_count_alike_however_many_places_they_have():
    verdicts = (torch.full((1, 100), 2.0), torch.full((1, 4), -1.0))
    expected = (torch.nn.functional.softplus(torch.tensor(-2.0)) + torch.nn.functional.softplus(torch.tensor(1.0))) / 2
    assert float(adaptive_loss(verdicts, photo=True)) == pytest.approx(float(expected))
    assert float(accuracy(verdicts, photo=True)) == 0.5
    assert float(accuracy((verdicts[0],), photo=False)) == 0.0


def test_the_pool_gives_half_of_its_pictures_back_and_keeps_8_bits():
    torch.manual_seed(0)
    pool = PredictionPool(size=8)
    first = torch.full((8, 3, 4, 4), 0.5)
    assert torch.allclose(pool.exchange(first), torch.full_like(first, 128 / 255))
    given = pool.exchange(torch.full((8, 3, 4, 4), 1.7))  # beyond white is white
    old = (given == 128 / 255).flatten(1).all(1)
    assert 0 < int(old.sum()) < 8
    assert bool((given[~old] == 1.0).all())
    assert len(pool.pictures) == 8
    assert pool.exchange(torch.zeros(2, 3, 6, 6)).shape == (2, 3, 6, 6)  # another size is another pool
