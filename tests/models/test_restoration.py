"""Networks that restore: their size, what they do untrained, where they look, and their files."""

import copy

import pytest
import torch
from restorer_kit import ENHANCER, ENLARGER, lively, write_restorer
from safetensors.torch import load_file, save_file

from models.collapsible import CollapsibleConvolution, collapse
from models.enhancer import Enhancer
from models.enlarger import Enlarger
from models.restoration import RestorerFacts, begin_from, build, load_restorer, mixed
from models.weight_files import WeightsError
from studio.core.inference_format import InferenceFormat, in_format

STRENGTH = torch.tensor([0.7])


def noise(*size: int) -> torch.Tensor:
    return torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))


def weights_in(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_networks_that_come_along_are_small():
    assert weights_in(collapse(Enlarger(2))) == 410_700
    assert weights_in(collapse(Enlarger(4))) == 426_288
    assert weights_in(Enhancer()) == 2_611_724


def test_a_collapsed_convolution_computes_the_same():
    layer = CollapsibleConvolution(5, 7)
    x = torch.randn(2, 5, 9, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(layer.collapsed()(x), layer(x), atol=1e-6)
    # the kernel is the plain one and the product of three linear maps, as three convolutions would apply it
    inner = torch.nn.functional.conv2d(x, layer.expand[:, :, None, None])
    inner = torch.nn.functional.conv2d(inner, layer.middle, padding=1)
    branch = torch.nn.functional.conv2d(inner, layer.reduce[:, :, None, None])
    plain = torch.nn.functional.conv2d(x, layer.weight, layer.bias, padding=1)
    assert torch.allclose(plain + branch, layer(x), atol=1e-5)


def test_an_unfolded_convolution_begins_where_the_plain_one_ended():
    plain = torch.nn.Conv2d(5, 7, 3, padding=1)
    layer = CollapsibleConvolution(5, 7)
    layer.unfold(plain)
    x = torch.randn(1, 5, 6, 6)
    assert torch.allclose(layer(x), plain(x), atol=1e-6)
    layer(x).square().sum().backward()
    assert layer.reduce.grad.abs().max() > 0  # the branch can still learn


def test_an_untrained_enlarger_nearly_repeats_pixels():
    network = Enlarger(2, width=16)
    network.initialise(torch.Generator().manual_seed(0))
    picture = noise(12, 15)
    made = network(picture)
    assert made.shape == (1, 3, 24, 30)
    repeated = picture.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert (made - repeated).std() < 0.1


def test_an_untrained_enhancer_hardly_changes_anything():
    picture = noise(19, 34)  # no multiple of anything
    network = Enhancer(8, (1, 1), 1, (1, 1))
    network.initialise(torch.Generator().manual_seed(0))
    made = network(picture, STRENGTH)
    assert made.shape == picture.shape
    assert (made - picture).std() < 0.1


def test_an_enhancer_hears_the_strength():
    network = lively(ENHANCER)
    picture = noise(16, 16)
    assert not torch.allclose(network(picture, torch.zeros(1)), network(picture, torch.ones(1)), atol=1e-3)


def test_a_conditioned_enlarger_hears_the_strength_and_begins_as_one_that_does_not():
    deaf = lively(ENLARGER)
    told = RestorerFacts("enlarger", {**ENLARGER.shape, "conditioned": True})
    network = build(told)
    network.initialise(torch.Generator().manual_seed(1))
    assert begin_from(network, collapse(copy.deepcopy(deaf))) == 4 + 3 * len(network.blocks)
    picture = noise(16, 16)
    for strength in (0.0, 1.0):  # what it is told has no say yet
        assert torch.allclose(network(picture, torch.tensor([strength])), deaf(picture), atol=1e-5)
    assert not torch.allclose(lively(told)(picture, torch.zeros(1)), lively(told)(picture, torch.ones(1)), atol=1e-3)


@pytest.mark.parametrize("facts", [ENLARGER, ENHANCER])
def test_a_network_looks_no_farther_than_it_says(facts):
    network = lively(facts).double()
    side = 6 * network.reach
    picture = torch.rand(1, 3, 8, side, dtype=torch.float64, requires_grad=True)
    made = network(picture, STRENGTH.double())
    place = network.scale * (side // 2)
    made[:, :, :, place].sum().backward()
    seen = picture.grad.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
    assert side // 2 - network.reach <= seen.min() <= side // 2 - 2
    assert side // 2 + 2 <= seen.max() <= side // 2 + network.reach


@pytest.mark.parametrize("facts", [ENLARGER, ENHANCER])
def test_a_file_gives_the_network_back(facts, tmp_path):
    network, told = load_restorer(write_restorer(tmp_path / "a.safetensors", facts))
    assert (told.network, dict(told.shape), told.scale) == (facts.network, dict(facts.shape), facts.scale)
    picture = noise(16, 16)
    assert torch.allclose(network(picture, STRENGTH), lively(facts)(picture, STRENGTH), atol=5e-3)
    assert not any(isinstance(layer, CollapsibleConvolution) for layer in network.modules())


def test_files_that_cannot_be_used_say_why(tmp_path):
    for wrong, why in (
        (RestorerFacts("enlarger", {"scale": 2, "width": 24, "blocks": 1}), "does not fit"),
        (RestorerFacts("enlarger", {"scale": 2, "depth": 3}), "cannot be built"),
    ):
        path = write_restorer(tmp_path / "a.safetensors", ENLARGER)
        save_file(load_file(path), path, wrong.to_metadata())
        with pytest.raises(WeightsError, match=why):
            load_restorer(path)
    with pytest.raises(WeightsError, match="no network that restores"):
        RestorerFacts.from_metadata({"task": "classifier"}, "b")


def test_two_networks_mix_weight_by_weight():
    faithful, crisp = (collapse(lively(ENLARGER, seed)) for seed in (1, 2))
    expected = [a + 0.25 * (b - a) for a, b in zip(faithful.parameters(), crisp.parameters(), strict=True)]
    blend = mixed(copy.deepcopy(faithful), crisp, 0.25)
    assert all(torch.allclose(a, b) for a, b in zip(blend.parameters(), expected, strict=True))


def test_a_fourfold_enlarger_begins_with_a_twofold_ones_trunk():
    trunk = collapse(lively(ENLARGER))
    network = build(RestorerFacts("enlarger", {"scale": 4, "width": 8, "blocks": 1}))
    assert begin_from(network, trunk) == 6  # head, three of the block, tail, gather; not the layer that makes pixels
    assert torch.allclose(network.blocks[0].second.kernel(), trunk.blocks[0].second.weight)
    assert begin_from(build(RestorerFacts("enlarger", {"scale": 2, "width": 16, "blocks": 1})), trunk) == 0


@pytest.mark.parametrize("facts", [ENLARGER, ENHANCER])
def test_half_precision_hardly_differs(facts):
    network = lively(facts)
    picture = noise(32, 32)
    plain = picture.repeat_interleave(network.scale, 2).repeat_interleave(network.scale, 3)
    with torch.no_grad():
        expected = network(picture, STRENGTH)
        made = in_format(network, InferenceFormat("bfloat16", True))(picture, STRENGTH)
    assert made.dtype == torch.float32  # what is added to the picture may be rounded, the picture may not
    assert (made - expected).norm() < 0.03 * (expected - plain).norm()
