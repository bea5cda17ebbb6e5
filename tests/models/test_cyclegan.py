"""CycleGAN, pix2pix and CUT as their papers have them: each loss written out by hand, whom gradients reach, strips."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from models.cyclegan import (
    PatchCritic,
    ResnetGenerator,
    SeparableGenerator,
    accuracy,
    critic_loss,
    distance,
    generator_loss,
    initialise,
    r1_penalty,
)
from models.patch_nce import PatchHeads, info_nce, patch_nce
from models.pix2pix import UnetGenerator, conditioned
from models.translation_strips import translate_in_strips

SMALL = {
    "resnet": lambda: ResnetGenerator(4, 2),
    "resnet, batch norm": lambda: ResnetGenerator(4, 1, norm="batch", dropout=True),
    "separable": lambda: SeparableGenerator(4, 2),
    "separable, noise": lambda: SeparableGenerator(4, 2, noise=True),
    "unet": lambda: UnetGenerator(4, 3),
}


def lively(network, seed=0):
    """The network in eval mode, with weights that make much of a picture."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0.0, (2.0 / max(1, weight[0].numel())) ** 0.5 if weight.ndim > 1 else 0.5, generator=chance)
    return network.eval()


def ended(strips):
    while True:
        try:
            next(strips)
        except StopIteration as end:
            return end.value


def parameters_of(network):
    return sum(weight.numel() for weight in network.parameters())


def test_the_networks_are_as_large_as_their_papers_say():
    assert parameters_of(ResnetGenerator(64, 9)) == 11_378_179 - (
        64 + 128 + 256 + 18 * 256 + 128 + 64
    )  # but for biases
    assert parameters_of(SeparableGenerator(32, 9)) == 428_764
    assert parameters_of(PatchCritic()) == 2_764_737 - (128 + 256 + 512)


@pytest.mark.parametrize("name", SMALL)
def test_a_picture_of_any_size_comes_out_as_large_as_it_went_in(name):
    picture = torch.rand(2, 3, 21, 34)
    made = lively(SMALL[name]())(picture)
    assert made.shape == picture.shape
    assert 0.0 <= made.min() < made.max() <= 1.0


def test_a_verdict_is_of_seventy_pixels():
    critic = lively(PatchCritic(4))
    for layer in critic.layers:
        if isinstance(layer, nn.InstanceNorm2d):  # which looks at the whole picture, and would hide what a place sees
            layer.forward = lambda x: x
    picture = torch.rand(1, 3, 128, 128, requires_grad=True)
    verdicts = critic(picture)
    assert verdicts.shape == (1, 1, 14, 14)
    verdicts[0, 0, 7, 7].backward()
    seen = picture.grad[0].abs().sum(0).nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [70, 70]


def test_losses_are_those_of_the_papers():
    real, fake = torch.tensor([[0.5, 2.0]]), torch.tensor([[-0.5, 1.5]])
    assert critic_loss(real, fake).item() == pytest.approx(((0.25 + 1.0) / 2 + (0.25 + 2.25) / 2) / 2)
    assert generator_loss(fake).item() == pytest.approx((2.25 + 0.25) / 2)
    assert critic_loss(real, fake, "hinge").item() == pytest.approx(((0.5 + 0.0) / 2 + (0.5 + 2.5) / 2) / 2)
    assert generator_loss(fake, "hinge").item() == pytest.approx(-0.5)
    assert accuracy(real, fake).item() == pytest.approx((0.5 + 0.5) / 2)
    assert accuracy(real, fake, "hinge").item() == pytest.approx((1.0 + 0.5) / 2)
    black, white = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
    assert distance(black, white).item() == 2.0


def test_r1_is_the_square_of_the_slope_at_real_pictures():
    critic = nn.Conv2d(3, 1, 1)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([1.0, 2.0, -2.0]).view(1, 3, 1, 1))
    penalty = r1_penalty(critic, torch.rand(2, 3, 2, 2))
    # the mean over 4 places: each pixel's slope is w/4, each picture's square 4·(1 + 4 + 4)/16; −1 to 1: a fourth
    assert penalty.item() == pytest.approx(9 / 4 / 4)
    penalty.backward()
    assert critic.weight.grad.flatten().tolist() == pytest.approx([2 / 16, 4 / 16, -4 / 16])


def test_identity_batched_with_the_real_picture_is_exact():
    network = lively(SeparableGenerator(4, 2)).train()
    one, other = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)
    together = network(torch.cat([one, other]))
    apart = torch.cat([network(one), network(other)])
    assert (together - apart).abs().max() < 1e-5
    slopes = [torch.autograd.grad((made * torch.arange(2.0).view(2, 1, 1, 1)).sum(), list(network.parameters()))
              for made in (together, apart)]  # fmt: skip
    assert all(torch.allclose(a, b, atol=1e-3, rtol=1e-3) for a, b in zip(*slopes, strict=True))


def test_what_teaches_the_generator_leaves_no_gradient_in_the_critic():
    generator, critic = lively(SeparableGenerator(4, 1)), lively(PatchCritic(4, 1))
    loss = generator_loss(critic(generator(torch.rand(1, 3, 32, 32))))
    torch.autograd.backward(loss, inputs=list(generator.parameters()))
    assert all(weight.grad is not None for weight in generator.parameters())
    assert all(weight.grad is None for weight in critic.parameters())


def test_a_place_is_to_be_found_again_among_those_of_its_picture():
    query, key = (F.normalize(torch.rand(2, 3, 4), dim=2) for _ in range(2))
    losses = info_nce(query, key, temperature=0.07)
    for n in range(2):
        for s in range(3):
            likeness = [math.exp(float(query[n, s] @ key[n, other]) / 0.07) for other in range(3)]
            assert losses[n, s].item() == pytest.approx(-math.log(likeness[s] / sum(likeness)), rel=1e-4, abs=1e-4)


def test_patch_nce_is_the_mean_over_layers_and_teaches_by_the_painting_alone():
    torch.manual_seed(0)
    pictured = [torch.rand(1, 3, 4, 4), torch.rand(1, 6, 2, 2)]
    painted = [seen.clone().requires_grad_(True) for seen in pictured]
    heads = PatchHeads([3, 6], width=8)
    torch.manual_seed(1)
    loss = patch_nce(heads, painted, pictured, patches=4)
    torch.manual_seed(1)
    places = [torch.randperm(16)[:4], torch.randperm(4)[:4]]
    expected = []
    for head, seen, at in zip(heads.heads, pictured, places, strict=True):
        z = head(seen[0].flatten(1)[:, at].T)
        z = z / z.norm(dim=1, keepdim=True)
        logits = z @ z.T / 0.07
        expected.append(-(logits.diag() - logits.exp().sum(1).log()).mean())
    assert loss.item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-4)
    loss.backward()
    assert all(seen.grad.abs().sum() > 0 for seen in painted)


@pytest.mark.parametrize("make", [lambda: ResnetGenerator(4, 2), lambda: SeparableGenerator(4, 3)])
def test_five_layers_are_looked_at_on_the_way_through_the_generator(make):
    network = lively(make())
    seen = network.features(torch.rand(1, 3, 16, 16))
    assert [tuple(one.shape[1:]) for one in seen] == [(3, 16, 16), (8, 8, 8), (16, 4, 4), (16, 4, 4), (16, 4, 4)]
    assert not torch.equal(seen[3], seen[4])


def test_a_conditional_critic_sees_both():
    given, painted = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    assert conditioned(given, painted).mean(dim=(2, 3)).tolist() == [[0, 0, 0, 1, 1, 1]]
    assert PatchCritic(4, 2, channels=6)(conditioned(given, painted)).shape == (1, 1, 6, 6)


def test_the_unet_passes_what_it_sees_to_the_other_side():
    network = lively(UnetGenerator(4, 3, dropout=False))
    x = torch.rand(1, 3, 16, 16)
    down, up, seen = list(network.encoder), list(network.decoder), []
    y = x * 2 - 1
    for layer in down:
        y = layer(y)
        seen.append(y)
    y = up[0](seen[2])
    y = up[1](torch.cat([seen[1], y], dim=1))
    y = up[2](torch.cat([seen[0], y], dim=1))
    assert torch.allclose(network(x), (y + 1) / 2)


def test_weights_begin_narrow_and_the_same_for_a_seed():
    networks = [SeparableGenerator(16, 2) for _ in range(2)]
    for network in networks:
        initialise(network, torch.Generator().manual_seed(3))
    weights = [torch.cat([weight.flatten() for weight in network.parameters()]) for network in networks]
    assert torch.equal(*weights)
    assert weights[0].std().item() == pytest.approx(0.02, rel=0.05)
    assert (networks[0](torch.rand(1, 3, 16, 16)) - 0.5).abs().max() < 0.4


def test_a_generator_may_begin_as_very_nearly_the_identity_and_still_learns_everywhere():
    network, photo = SeparableGenerator(8, 2), torch.rand(2, 3, 32, 32)
    initialise(network, torch.Generator().manual_seed(0))
    before = (network(photo) - photo).abs().mean()
    network.begin_as_identity()
    made = network(photo)
    assert (made - photo).abs().mean() < 0.05 < before / 2
    made.square().mean().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in network.parameters())


def test_noise_says_where_strokes_lie_on_an_even_sky_and_is_the_same_every_time_afterwards():
    sky = torch.full((2, 3, 64, 64), 0.6)
    assert unevenness(lively(SeparableGenerator(4, 2))(sky)) < 1e-5
    network = lively(SeparableGenerator(4, 2, noise=True))
    made = network(sky)
    assert unevenness(made) > 0.01
    assert torch.equal(made, network(sky))
    assert torch.equal(made[0], made[1])
    network.train()
    learning = network(sky)
    assert not torch.allclose(learning[0], learning[1])
    assert not torch.allclose(learning, network(sky))


def unevenness(pictures):
    """How uneven a picture is, its borders aside."""
    return float(pictures[:, :, 24:-24, 24:-24].std(dim=(2, 3)).max().detach())


@pytest.mark.parametrize("name", SMALL)
def test_strips_make_what_one_pass_makes(name, monkeypatch):
    monkeypatch.setattr("models.translation_strips.WORK_PER_STRIP", 2e4)
    network, photo = lively(SMALL[name]()), torch.rand(1, 3, 70, 29)
    with torch.no_grad():
        whole = network(photo)
    strips = translate_in_strips(network, photo)
    shares = []
    while True:
        try:
            shares.append(next(strips))
        except StopIteration as end:
            made = end.value
            break
    assert (made - whole).abs().max() < 1e-3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) >= 15
    half = ended(translate_in_strips(network, photo, large=3_000))
    assert 0 < (half - whole).abs().max() < 1 / 255
