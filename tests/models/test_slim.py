from importlib import resources
from pathlib import Path

import cv2
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.backbones import load_backbone, untrained_backbone
from models.distillation import Heads, fold_heads, gram_matrix, tap_widths, unfold_heads
from models.pixels import to_tensor
from models.slim import SLIM_WIDTHS, TAPS, SlimNetwork
from models.teachers import Lesson

EMBEDDED = Path(str(resources.files("assets") / "weights" / "atelier-slim.safetensors"))


@pytest.fixture
def picture():
    return torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def untrained(seed=0, **options):
    network = SlimNetwork(**options)
    network.initialise(torch.Generator().manual_seed(seed))
    return network.requires_grad_(False).eval()


def test_every_scale_is_tapped_at_half_the_size_of_the_one_before(picture):
    seen = untrained()(picture)
    assert tuple(seen) == TAPS
    for scale, (tap, widths) in enumerate(zip(TAPS, SLIM_WIDTHS, strict=True)):
        assert seen[tap].shape == (1, widths[-1], 64 >> scale, 96 >> scale)


def test_it_is_as_small_as_promised(tmp_path):
    network = untrained()
    assert sum(parameter.numel() for parameter in network.parameters()) <= 1_500_000
    save_file({name: value.half() for name, value in network.state_dict().items()}, tmp_path / "slim.safetensors")
    assert (tmp_path / "slim.safetensors").stat().st_size <= 4_000_000


def test_half_precision_weights_see_the_same(tmp_path, picture):
    network, restored = untrained(), SlimNetwork()
    save_file({name: value.half() for name, value in network.state_dict().items()}, tmp_path / "slim.safetensors")
    restored.load_state_dict({name: value.float() for name, value in load_file(tmp_path / "slim.safetensors").items()})
    for tap, seen in network(picture).items():
        difference = (restored(picture)[tap] - seen).square().sum() / seen.square().sum()
        assert difference < 1e-5, tap


def test_only_the_layers_that_are_needed_run(picture):
    network = untrained()
    network.features[-1].weight.fill_(float("nan"))
    assert network(picture, ["relu4_1"])["relu4_1"].isfinite().all()
    assert network(picture, ["relu5_1"])["relu5_1"].isnan().all()


def test_the_same_seed_sees_the_same_and_another_something_else(picture):
    first, again, other = untrained(3)(picture), untrained(3)(picture), untrained(4)(picture)
    for tap in TAPS:
        assert torch.equal(first[tap], again[tap])
        assert not torch.allclose(first[tap], other[tap])


@pytest.mark.parametrize("tap", TAPS)
def test_gradient_reaches_the_whole_picture_from_every_tap(picture, tap):
    picture = picture.requires_grad_()
    untrained()(picture, [tap])[tap].square().mean().backward()
    assert picture.grad is not None
    assert picture.grad.isfinite().all()
    assert (picture.grad.abs().sum(1) > 0).float().mean() > 0.99


def test_pooling_can_be_switched_without_other_weights(picture):
    average, largest = untrained(), SlimNetwork(pooling="max")
    largest.load_state_dict(average.state_dict())
    assert torch.equal(average(picture)["relu1_1"], largest(picture)["relu1_1"])
    assert not torch.allclose(average(picture)["relu2_1"], largest(picture)["relu2_1"])


def test_an_even_picture_is_seen_evenly_up_to_its_borders():
    seen = untrained()(torch.full((1, 3, 64, 64), 0.3))
    for tap, features in seen.items():
        assert torch.allclose(features, features.mean((2, 3), keepdim=True).expand_as(features), atol=1e-4), tap


def test_folding_keeps_every_distance_the_heads_would_measure(picture):
    """‖H(G_a - G_b)Hᵀ‖ = ‖M(G_a - G_b)M‖ with M = (HᵀH)^½, and the chain behind M computes what it did before."""
    widths = ((4,), (4, 6), (6, 8), (8, 10), (10, 12))
    generator = torch.Generator().manual_seed(0)
    network = SlimNetwork(widths, readouts=False)
    network.initialise(generator)
    lessons = [Lesson(tap, f"{tap}.{i}", 2 * width, weight) for tap, width in tap_widths(widths, TAPS).items()
               for i, weight in enumerate((1.0, 0.5))]  # fmt: skip
    heads = Heads(lessons, tap_widths(widths, TAPS))
    for head in heads.maps:
        torch.nn.init.normal_(head, generator=generator)
    folded = fold_heads(network, heads, softening=0.0)
    other = picture.flip(3) ** 2
    before, after = (network(picture), network(other)), (folded(picture), folded(other))
    for tap in TAPS[2:]:
        mine = [(h, lesson.weight) for h, lesson in zip(heads.maps, lessons, strict=True) if lesson.tap == tap]
        stacked = torch.cat([(weight / len(h)) ** 0.5 * h for h, weight in mine])
        told = stacked @ (gram_matrix(before[0][tap]) - gram_matrix(before[1][tap])) @ stacked.T
        read = gram_matrix(after[0][tap]) - gram_matrix(after[1][tap])
        assert read.norm() == pytest.approx(told.norm().item(), rel=1e-3), tap
    for tap in TAPS[:2]:  # only scaled, channel by channel
        scale = heads.metric(tap).diagonal().sqrt()
        assert torch.allclose(after[0][tap], before[0][tap] * scale[:, None, None], rtol=1e-3, atol=1e-4), tap
    unfolded = unfold_heads(folded)(picture)  # the same chain again, its taps before the readouts
    for tap in TAPS[2:]:
        assert torch.allclose(unfolded[tap], before[0][tap], rtol=1e-3, atol=1e-4), tap


def test_the_shipped_weights_are_small_complete_and_recognised():
    assert EMBEDDED.stat().st_size <= 4_000_000
    backbone = load_backbone(EMBEDDED)
    assert backbone.architecture == "slim"
    assert backbone.trained
    assert backbone.scales == TAPS


def square_of(file, longest=320, side=160):
    """The middle of a picture in small, 3×side×side, 0–1."""
    pixels = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    small = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = cv2.resize(small[top : top + edge, left : left + edge], (side, side), interpolation=cv2.INTER_AREA)
    return to_tensor(square)[0]


@pytest.mark.data
def test_it_finds_the_same_paintings_alike_that_vgg_does(shared_data):
    """Correlation of the Gram distances of all pairs of paintings, as seen by VGG-19 and by the shipped network."""
    paintings = torch.stack([square_of(file) for file in sorted((shared_data / "images" / "styles").glob("*.jpg"))])
    vgg = load_backbone(shared_data / "weights" / "vgg19_to_relu3_1" / "vgg_normalised_conv3_1.pth")
    agreement = {}
    for name, backbone in {"shipped": load_backbone(EMBEDDED), "random": untrained_backbone("slim")}.items():
        distances = [pairwise_distances(network(paintings, ["relu3_1"])["relu3_1"]) for network in (vgg, backbone)]
        agreement[name] = torch.corrcoef(torch.stack(distances))[0, 1].item()
    assert agreement["shipped"] > 0.95
    assert agreement["shipped"] > agreement["random"]


def pairwise_distances(features):
    grams = gram_matrix(features).flatten(1)
    return torch.nn.functional.pdist(grams)
