"""The network that paints in one pass: what it promises at every strength and size, and its strips."""

import math
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F  # noqa: N812

import models.fast_style_strips as strips_module
from models.backbones import untrained_backbone
from models.fast_style import FastStyleNetwork, Layer, StrengthNorm, softened
from models.fast_style_files import FastStyleFacts, load_fast_style, to_file
from models.fast_style_loss import FastStyleLoss, Lattice, gram_distances
from models.fast_style_strips import laid_over, paint_in_strips
from models.statistics import gram_matrix, statistic_target
from models.style_transfer import LossWeights, StyleObjective
from models.weight_files import WeightsError


@pytest.fixture(params=[False, True], ids=["as in 0.1", "keeps its ground"])
def network(request) -> FastStyleNetwork:
    """A narrow network that has learnt something about strength, if only by chance."""
    chance = torch.Generator().manual_seed(3)
    network = FastStyleNetwork(width=0.125, blocks=2, keeps_ground=request.param)
    network.initialise(chance)
    for module in network.modules():
        if isinstance(module, StrengthNorm):
            module.scale_by_strength.data.normal_(0, 0.3, generator=chance)
            module.shift_by_strength.data.normal_(0, 0.3, generator=chance)
    if network.keeps_ground:
        network.decoder[-1].conv.weight.data[:, :-3].normal_(0, 0.1, generator=chance)
        network.ground.colours = network.ground.colours.flip(0)  # red becomes blue
    else:
        network.decoder[-1].conv.weight.data.mul_(20)
    return network.requires_grad_(False).eval()


def picture(height: int, width: int, seed: int = 0, count: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


def in_strips(network: FastStyleNetwork, photo: torch.Tensor, strength: float) -> tuple[torch.Tensor, list[float]]:
    painting, shares = paint_in_strips(network, photo, strength), []
    while True:
        try:
            shares.append(next(painting))
        except StopIteration as end:
            return laid_over(photo, end.value, strength), shares


@pytest.mark.parametrize("size", [(64, 48), (33, 50), (17, 16), (7, 90), (1, 1)])
def test_a_picture_of_any_size_keeps_it(network, size):
    painted = network(picture(*size), torch.ones(1))
    assert painted.shape == (1, 3, *size)
    assert float(painted.min()) >= 0
    assert float(painted.max()) <= 1


def test_strength_zero_is_the_photo_to_the_last_bit(network):
    photo = picture(40, 52)
    assert torch.equal(network(photo, torch.zeros(1)), photo)
    assert torch.equal(in_strips(network, photo, 0.0)[0], photo)


def test_strength_one_is_what_the_network_paints_and_no_photo(network):
    photo, full = picture(32, 32), torch.ones(1)
    x = photo
    for stage in network.stages:
        beside = [photo] if network.keeps_ground and stage is network.stages[-1] else []
        x = stage(torch.cat([x, *beside], dim=1), full)
    assert torch.allclose(network(photo, full), torch.sigmoid(x), atol=1e-6)


def test_strength_moves_the_picture_smoothly(network):
    photo = picture(48, 48)
    at = [network(photo, torch.tensor([strength])) for strength in torch.linspace(0, 1, 101).tolist()]
    moves = torch.tensor([float((after - before).abs().mean()) for before, after in pairwise(at)])
    assert float((at[-1] - at[0]).abs().mean()) > 0.05  # it does something
    assert float(moves.max()) < 4 * float(moves.mean())  # and nowhere all at once


def test_each_example_has_a_strength_of_its_own(network):
    photos = picture(32, 32, count=3)
    strengths = torch.tensor([0.2, 0.7, 1.0])
    together = network(photos, strengths)
    alone = torch.cat([network(photos[i : i + 1], strengths[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_norm_is_conditioned_on_the_strength_as_written():
    norm = StrengthNorm(2)
    norm.scale.data = torch.tensor([1.0, 2.0])
    norm.scale_by_strength.data = torch.tensor([0.5, -1.0])
    norm.shift.data = torch.tensor([0.1, 0.2])
    norm.shift_by_strength.data = torch.tensor([1.0, 0.0])
    x = picture(6, 5)[:, :2]
    expected = torch.empty_like(x)
    for channel in range(2):
        plane = x[0, channel]
        normal = (plane - plane.mean()) / (plane.var(correction=0) + 1e-5).sqrt()
        scale = norm.scale[channel] + 0.25 * norm.scale_by_strength[channel]
        shift = norm.shift[channel] + 0.25 * norm.shift_by_strength[channel]
        expected[0, channel] = scale * normal + shift
    assert torch.allclose(norm(x, torch.tensor([0.25])), expected, atol=1e-5)


def test_growing_is_a_repetition_and_a_convolution():
    layer = Layer(2, 3, 3, grow=2, norm=False, rectify=False)
    x = picture(5, 4)[:, :2]
    repeated = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    expected = F.conv2d(F.pad(repeated, (1, 1, 1, 1), mode="reflect"), layer.conv.weight, layer.conv.bias)
    assert torch.allclose(layer(x, torch.ones(1)), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 96), (131, 61), (5, 40), (200, 33)])
@pytest.mark.parametrize("strength", [0.35, 1.0])
def test_strips_make_the_picture_of_one_pass(network, monkeypatch, size, strength):
    monkeypatch.setattr(strips_module, "WORK_PER_STRIP", 2e4)
    photo = picture(*size)
    painted, shares = in_strips(network, photo, strength)
    whole = network(photo, torch.tensor([strength]))
    assert float((painted - whole).abs().max()) < 1 / 255 / 100  # asked: 1/255
    assert len(shares) > len(list(network.stages)) or size[0] < 32
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_strips_lay_plain_ground_as_one_pass_does(monkeypatch):
    monkeypatch.setattr(strips_module, "WORK_PER_STRIP", 2e4)
    network = FastStyleNetwork(width=0.125, blocks=1, keeps_ground=True).requires_grad_(False)
    network.initialise(torch.Generator().manual_seed(3))
    network.ground.colours = network.ground.colours.flip(0)
    photo = torch.ones(1, 3, 90, 50) * torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1)
    photo[..., 20:33, 10:30] = picture(13, 20)
    painted, _ = in_strips(network, photo, 0.8)
    assert float((painted - network(photo, torch.tensor([0.8]))).abs().max()) < 1 / 255 / 100
    assert torch.allclose(painted[0, :, -1, -1], torch.tensor([0.76, 0.5, 0.34]), atol=1e-5)


@pytest.mark.parametrize("size", [(64, 96), (131, 61), (5, 40)])
def test_strips_with_convolutions_in_half_precision_and_channels_last_stay_near_and_keep_full_precision(network, size):
    photo = picture(*size)
    whole = network(photo, torch.ones(1))
    for layer in (module for module in network.modules() if isinstance(module, torch.nn.Conv2d)):
        layer.to(dtype=torch.bfloat16, memory_format=torch.channels_last)
    painted, _ = in_strips(network, photo, 1.0)
    assert painted.dtype == torch.float32
    assert len(painted.unique()) > 256 or size[0] < 32  # a picture in half precision would have so few tones
    assert float((painted - whole).abs().mean()) < 1 / 255


def test_the_moments_of_strips_are_those_of_the_whole_map():
    values = 5 + picture(50, 7, seed=4, count=1).double()
    for welford in (True, False):
        moments = strips_module.Moments()
        for top in range(0, 50, 16):
            moments.add(values[:, :, top : top + 16].float(), welford=welford)
        mean = values.mean(dim=(0, 2, 3))
        assert torch.allclose(moments.mean, mean, rtol=1e-6)
        assert torch.allclose(moments.squares, (values - mean.view(1, 3, 1, 1)).square().sum((0, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_it_learns_in_mixed_precision(network, dtype):
    """The way out is in full precision: a sigmoid in bf16 has steps of 1/256 and more."""
    network.requires_grad_(True)
    with torch.autocast("cpu", dtype=dtype):
        painted = network(picture(32, 32), torch.tensor([0.7]))
    assert painted.dtype == torch.float32
    assert float((painted - network(picture(32, 32), torch.tensor([0.7]))).detach().abs().mean()) < 1 / 255
    painted.mean().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in network.parameters())


def test_a_picture_with_a_bright_half_has_no_seam_between_strips(network, monkeypatch):
    """Tiles with norms of their own would show here: one half is black, the other white noise."""
    monkeypatch.setattr(strips_module, "WORK_PER_STRIP", 2e4)
    photo = picture(128, 64)
    photo[:, :, :64] = 0
    painted, _ = in_strips(network, photo, 1.0)
    assert float((painted - network(photo, torch.ones(1))).abs().max()) < 1 / 255 / 100


def test_painting_in_strips_leaves_gradients_as_they_were_between_strips(network):
    steps = paint_in_strips(network, picture(64, 64), 1.0)
    next(steps)
    assert torch.is_grad_enabled()


def test_a_file_brings_the_network_back_in_full_precision(network, tmp_path):
    facts = FastStyleFacts(0.125, 2, "wave.jpg", "ab" * 32, "atelier-slim", 1200, keeps_ground=network.keeps_ground)
    save_file(to_file(network), tmp_path / "wave.safetensors", facts.to_metadata())
    again, told = load_fast_style(tmp_path / "wave.safetensors")
    assert told == facts
    assert {value.dtype for value in again.state_dict().values()} == {torch.float32}
    photo = picture(32, 32)
    assert torch.allclose(again(photo, torch.ones(1)), network(photo, torch.ones(1)), atol=2e-2)


def test_one_that_was_given_plain_ground_afterwards_lays_it(tmp_path):
    network = FastStyleNetwork(width=0.125, blocks=1).requires_grad_(False)
    network.initialise(torch.Generator().manual_seed(3))
    facts, file = FastStyleFacts(0.125, 1, "wave.jpg"), tmp_path / "wave.safetensors"
    cube = torch.full((3, 9, 9, 9), 0.25)
    save_file({**to_file(network), "ground.colours": cube.half()}, file, facts.to_metadata())
    again, told = load_fast_style(file)
    assert not told.keeps_ground
    page = torch.ones(1, 3, 40, 40)
    assert torch.allclose(again(page, torch.ones(1)), torch.full_like(page, 0.25))
    assert not torch.allclose(network(page, torch.ones(1)), torch.full_like(page, 0.25), atol=0.01)


@pytest.mark.parametrize(
    "metadata",
    [{}, {"architecture": "slim"}, {"width": "much"}, {"width": "1.0"}, {"blocks": "999999"}, {"format": "9"}],
)
def test_a_file_that_is_something_else_is_refused_in_words(network, tmp_path, metadata):
    good = FastStyleFacts(0.125, 2, "wave.jpg", keeps_ground=network.keeps_ground).to_metadata()
    save_file(to_file(network), tmp_path / "x.safetensors", {**good, **metadata} if metadata else None)
    with pytest.raises(WeightsError, match=r"x\.safetensors"):
        load_fast_style(tmp_path / "x.safetensors")


def test_one_that_diverged_is_refused(network, tmp_path):
    """It would paint black."""
    network.decoder[-1].conv.weight.data[0, 0] = torch.inf
    facts = FastStyleFacts(0.125, 2, "wave", keeps_ground=network.keeps_ground)
    save_file(to_file(network), tmp_path / "x.safetensors", facts.to_metadata())
    with pytest.raises(WeightsError, match=r"x\.safetensors holds weights that are not finite"):
        load_fast_style(tmp_path / "x.safetensors")


def test_the_loss_of_a_batch_is_that_of_style_transfer_one_by_one():
    backbone = untrained_backbone("slim")
    painting, photos, painted = picture(48, 64, 1), picture(48, 48, 2, count=2), picture(48, 48, 3, count=2)
    weights = LossWeights(0.7, 0.3, 0.2, (0, 0, 1.0, 0.5, 0), (1.0, 1.0, 0.5, 0.25, 0.25))
    loss = FastStyleLoss(backbone, painting, weights)
    terms = loss(painted, loss.content_of(photos), torch.ones(2))
    alone = [
        StyleObjective(backbone, "gram", photos[i : i + 1], [painting]).look(painted[i : i + 1], weights)
        for i in range(2)
    ]
    assert float(terms.total) == pytest.approx(sum(one.loss for one in alone) / 2, rel=1e-4)
    assert terms.content.tolist() == pytest.approx([one.content / 0.7 for one in alone], rel=1e-4)
    assert terms.style.tolist() == pytest.approx([one.style / (0.3 * 20) for one in alone], rel=1e-4)


def test_less_strength_asks_for_less_style():
    backbone = untrained_backbone("slim")
    painting, photo, painted = picture(32, 32, 1), picture(32, 32, 2), picture(32, 32, 3)
    loss = FastStyleLoss(backbone, painting, LossWeights())
    content = loss.content_of(photo)
    full, half, none = (float(loss(painted, content, torch.tensor([s])).total) for s in (1.0, 0.5, 0.0))
    assert half - none == pytest.approx((full - none) / 2, rel=1e-4)


def test_a_network_learns_one_picture():
    # some steps lower the loss, and gradients reach every weight
    backbone = untrained_backbone("slim")
    learner = FastStyleNetwork(0.125, 1)
    learner.initialise(torch.Generator().manual_seed(0))
    loss = FastStyleLoss(backbone, picture(32, 32, 1), LossWeights())
    photo, strength = picture(32, 32, 2), torch.tensor([0.8])
    content = loss.content_of(photo)
    optimiser = torch.optim.Adam(learner.parameters(), lr=5e-3)
    losses = []
    for _ in range(12):
        optimiser.zero_grad()
        total = loss(learner(photo, strength), content, strength).total
        total.backward()
        losses.append(total.item())
        optimiser.step()
    assert losses[-1] < 0.8 * losses[0]
    assert all(weight.grad is not None and bool(weight.grad.abs().sum() > 0) for weight in learner.parameters())


# -- plain ground ------------------------------------------------------------------------------------------------------


def test_white_and_black_pages_differ_to_a_network_that_keeps_its_ground():
    for keeps in (True, False):
        network = FastStyleNetwork(0.125, 1, keeps_ground=keeps).requires_grad_(False)
        network.initialise(torch.Generator().manual_seed(0))
        white, grey, black = (network(torch.full((1, 3, 32, 32), v), torch.ones(1)).mean() for v in (1.0, 0.5, 0.0))
        assert (float(white - grey) > 0.2 and float(grey - black) > 0.2) == keeps
        assert torch.allclose(white, black, atol=1e-4) != keeps


def test_noise_of_paper_is_not_raised_to_strokes_by_the_first_norm():
    noise = 1.0 - picture(32, 32) * 2 / 255
    for keeps, spread in ((False, 0.3), (True, 0.1)):
        network = FastStyleNetwork(0.125, 1, keeps_ground=keeps).requires_grad_(False)
        network.initialise(torch.Generator().manual_seed(0))
        assert (float(network.encoder[0](noise, torch.ones(1)).std()) < spread) == keeps


@pytest.mark.parametrize("period", [2, 4])
def test_soft_layers_leave_no_comb_of_the_finest_pattern_that_they_double(period):
    """What alternates pixel by pixel comes out as stairs of two pixels, or of four where it is doubled twice."""
    x = (torch.arange(32) % 2).float().view(1, 1, 1, 32).expand(1, 1, 32, 32).contiguous()
    swing = {}
    for soft in (False, True):
        layer = Layer(1, 1, 3, grow=2, norm=False, rectify=False, soft=soft).requires_grad_(False)
        layer.conv.weight.zero_()[:, :, 1, 1] = 1.0
        layer.conv.bias.zero_()
        out = layer(x, torch.ones(1))
        swing[soft] = float(out[..., 8:-8, 8:-8].std())
        if period == 4:
            swing[soft] = float(layer(out, torch.ones(1))[..., 16:-16, 16:-16].std())
    assert swing[False] > 0.4
    assert swing[True] < 1e-6


def test_softening_is_the_binomial_in_both_directions_in_half_precision_too():
    x = picture(9, 12, seed=5)
    rows = (x[..., :-2, :] + 2 * x[..., 1:-1, :] + x[..., 2:, :]) / 4
    expected = (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4
    assert torch.allclose(softened(x), expected, atol=1e-6)
    assert torch.allclose(softened(x.bfloat16()).float(), expected, atol=1e-2)


def test_plain_ground_is_left_out_of_the_gram_matrix():
    target = statistic_target(gram_matrix(picture(32, 32, 1)))
    features = picture(32, 32, 2, count=2)
    assert torch.equal(gram_distances(features, target, torch.zeros(2, 1, 64, 64)), gram_distances(features, target))
    plain = torch.zeros(1, 1, 64, 64)
    plain[..., 32:] = 1.0
    half = features[:1].clone()
    half[..., 16:] = 0.0  # what lies on the plain half hardly counts
    alone, with_it = (float(gram_distances(x, target, plain)) for x in (features[:1, ..., :16], half))
    assert float(gram_distances(half, target)) > 5 * with_it
    wholly = float(gram_distances(half, target, torch.ones(1, 1, 64, 64)))
    assert wholly == pytest.approx(0.3 * float(gram_distances(half, target)), rel=1e-4)  # asked for 2 × 15 %
    assert alone >= 0


def test_what_repeats_more_than_in_the_painting_exceeds_its_spectrum_in_any_direction():
    painting = picture(96, 96, 1)  # noise: as strong at every frequency
    lattice = Lattice(painting)
    assert float(lattice.excess(picture(64, 64, 2))) < 0.02
    assert float(lattice.excess(torch.full((1, 3, 64, 64), 0.5))) == 0.0
    along, down = torch.arange(64.0).view(1, -1), torch.arange(64.0).view(-1, 1)
    found = []
    for turned in (0.0, 0.4, 0.785, 1.3):
        wave = torch.cos(2 * math.pi / 9 * (math.cos(turned) * along + math.sin(turned) * down))
        found.append(float(lattice.excess((0.5 + 0.4 * wave).expand(1, 3, 64, 64))))
    assert min(found) > 0.2
    assert max(found) < 2 * min(found)
    assert lattice.excess(picture(16, 40)).tolist() == [0.0]  # less than a window


def test_the_lattice_counts_by_its_weight():
    loss = FastStyleLoss(untrained_backbone("slim"), picture(48, 48, 1) * 0.1, LossWeights(style=0.0), lattice=2.0)
    painted = picture(32, 32, 3)
    terms = loss(painted, loss.content_of(painted), torch.ones(1))
    assert float(terms.lattice) > 0.1
    assert float(terms.total) == pytest.approx(2.0 * 50 * float(terms.lattice), rel=1e-4)
