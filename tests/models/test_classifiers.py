"""Classifiers: weights counted by hand, shapes, the blocks' formulas, how they begin, and what style transfer gets."""

import math

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F  # noqa: N812

from models.backbones import WeightsError, inspect_weights, load_backbone, recognise
from models.classifiers import FAMILIES, build_classifier
from models.darknet import ResLayer
from models.densenet import DenseLayer
from models.small_resnet import BasicBlock
from models.statistics import gram_matrix

WIDTHS = ("narrow", "half", "full")


def drawn(family, width="narrow", channels=3, classes=4):
    generator = torch.Generator().manual_seed(1)
    return build_classifier(family, width, channels=channels, classes=classes, generator=generator)


def noise(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def weights_of(network):
    return sum(parameter.numel() for parameter in network.parameters())


def norm(channels):
    return 2 * channels


def test_the_small_resnet_has_the_weights_of_its_layers():
    def block(c, w):
        return 9 * c * w + norm(w) + 9 * w * w + norm(w) + (c * w + norm(w) if c != w else 0)

    stem = 9 * 1 * 16 + norm(16)
    stages = block(16, 16) + block(16, 32) + block(32, 64) + block(64, 128) + block(128, 256)
    assert stem + stages + 256 * 10 + 10 == 1_228_858
    assert weights_of(drawn("resnet", channels=1, classes=10)) == 1_228_858


def test_darknet_has_the_weights_of_the_lesson():
    """Stem of 32, groups of 1, 2, 4, 6 and 3 residual layers, each group twice as wide, a decision among 10."""

    def conv(c, w, kernel):
        return c * w * kernel**2 + norm(w)

    total, width = conv(3, 32, 3), 32
    for layers in (1, 2, 4, 6, 3):
        total += conv(width, 2 * width, 3) + layers * (conv(2 * width, width, 1) + conv(width, 2 * width, 3))
        width *= 2
    assert (width, total + 1024 * 10 + 10) == (1024, 31_410_922)
    assert weights_of(drawn("darknet", "full", classes=10)) == 31_410_922
    assert weights_of(drawn("darknet", "narrow", classes=10)) == 1_970_242


def test_densenet_has_the_weights_of_its_layers():
    """Growth k = 8: a layer that sees C channels has 34·C + 2368 weights, a transition halves what it gets."""
    k = 8

    def layer(c):
        return norm(c) + c * 4 * k + norm(4 * k) + 4 * k * k * 9

    total, c = 9 * 3 * 2 * k, 2 * k
    for number, layers in enumerate((3, 4, 6, 8, 6)):
        if number:
            total, c = total + c * (c // 2), c // 2
        for _ in range(layers):
            total, c = total + layer(c), c + k
        total += norm(c)
    assert (c, total + 98 * 10 + 10) == (98, 124_172)
    assert weights_of(drawn("densenet", classes=10)) == 124_172


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 28, 28), (3, 16, 40), (3, 9, 7), (1, 1, 1)])
def test_any_size_and_number_of_channels_gives_one_number_a_class(family, channels, height, width):
    network = drawn(family, channels=channels, classes=7).eval()
    with torch.no_grad():
        assert network(noise(2, channels, height, width)).shape == (2, 7)


@pytest.mark.parametrize(
    ("family", "widths"),
    [("resnet", (16, 32, 64, 128, 256)), ("darknet", (8, 32, 64, 128, 256)), ("densenet", (40, 52, 74, 101, 98))],
)
def test_five_scales_each_half_of_the_one_before(family, widths):
    network, kind = drawn(family).eval(), FAMILIES[family]
    x, seen = noise(1, 3, 48, 64), {}
    with torch.no_grad():
        for index, layer in enumerate(network.features):
            x = layer(x)
            seen |= {tap: tuple(x.shape) for tap, at in kind.taps.items() if at == index}
    assert [seen[tap] for tap in kind.scales] == [
        (1, channels, 48 // 2**scale, 64 // 2**scale) for scale, channels in enumerate(widths)
    ]


def test_the_pictures_are_normalised_inside():
    """Logits = W · mean over the picture of features((x - mean) / spread) + b."""
    network = drawn("resnet").eval()
    nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(2))
    x = noise(2, 3, 32, 32)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        features = network.features((x - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1))
        expected = F.adaptive_avg_pool2d(features, 1).flatten(1) @ network.head.weight.T + network.head.bias
        torch.testing.assert_close(network(x), expected)
        steps = network.in_steps(x)
        assert [next(steps) for _ in network.features] == [None] * len(network.features)
        with pytest.raises(StopIteration) as end:
            next(steps)
        torch.testing.assert_close(end.value.value, expected)


def test_the_blocks_compute_what_their_papers_say():
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(2, 8, 6, 6, generator=generator)

    def convolved(x, layer, stride=1):
        return F.conv2d(x, layer.weight, stride=stride, padding=layer.kernel_size[0] // 2)

    def normed(x):
        """Batch norm as it is in the beginning: without scale and shift."""
        return (x - x.mean((0, 2, 3), True)) / torch.sqrt(x.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5)

    basic = BasicBlock(8, 16, stride=2)
    branch = normed(convolved(normed(convolved(x, basic.conv1, 2)).relu(), basic.conv2))
    short = normed(F.conv2d(x, basic.shortcut[0].weight, stride=2))
    torch.testing.assert_close(basic(x), (branch + short).relu())

    dark = ResLayer(8)
    squeezed = F.leaky_relu(normed(convolved(x, dark.squeeze[0])), 0.1)
    expanded = F.leaky_relu(normed(convolved(squeezed, dark.expand[0])), 0.1)
    torch.testing.assert_close(dark(x), x + expanded)

    dense = DenseLayer(8, 4)
    added = convolved(normed(convolved(normed(x).relu(), dense.conv1)).relu(), dense.conv2)
    torch.testing.assert_close(dense(x), torch.cat([x, added], dim=1))


@pytest.mark.parametrize("family", FAMILIES)
def test_it_begins_as_he_et_al_and_undecided(family):
    """Weights ~ N(0, 2 / ((1 + a²) · fan in)) (He et al. 2015, eq. 15); n classes are as likely: loss ln n."""
    network, slope = drawn(family), FAMILIES[family].slope
    for module in network.features.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 4000:
            spread = math.sqrt(2 / ((1 + slope**2) * module.weight[0].numel()))
            assert module.weight.std().item() == pytest.approx(spread, rel=0.1)
    loss = F.cross_entropy(network(noise(4, 3, 32, 32)), torch.arange(4))
    assert loss.item() == pytest.approx(math.log(4), abs=1e-6)


def test_the_same_seed_draws_the_same_network():
    one, same = drawn("darknet").state_dict(), drawn("darknet").state_dict()
    assert all(torch.equal(one[name], same[name]) for name in one)


@pytest.mark.parametrize(
    ("family", "width", "channels", "classes"),
    [("alexnet", "half", 3, 5), ("resnet", "huge", 3, 5), ("resnet", "half", 4, 5), ("resnet", "half", 3, 1)],
)
def test_networks_that_cannot_be_are_refused(family, width, channels, classes):
    with pytest.raises(ValueError, match=r"There is no|sees 1 or 3 channels"):
        build_classifier(family, width, channels=channels, classes=classes)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trained_one_looks_at_paintings(family, tmp_path):
    """A file of a classifier is recognised with its head, and gives style transfer its features and their gradient."""
    network = drawn(family, "narrow")
    network(noise(8, 3, 32, 32, seed=3))  # batch norm has seen something
    network.eval()
    save_file(network.state_dict(), tmp_path / "mine.safetensors")
    assert inspect_weights(tmp_path / "mine.safetensors").architecture == f"{family}_narrow"
    backbone = load_backbone(tmp_path / "mine.safetensors")
    assert (backbone.trained, len(backbone.scales)) == (True, 5)
    assert [backbone.smallest_side(tap) for tap in backbone.scales] == [2, 4, 8, 16, 32]
    picture = noise(1, 3, 40, 48).requires_grad_()
    features = backbone(picture, backbone.scales)
    with torch.no_grad():
        torch.testing.assert_close(
            features[backbone.scales[-1]].mean((2, 3)) @ network.head.weight.T + network.head.bias, network(picture)
        )
    sum(gram_matrix(x).sum() for x in features.values()).backward()
    assert picture.grad.abs().max() > 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_width_is_told_from_the_others(family, width):
    with torch.device("meta"):
        network = build_classifier(family, width, channels=3, classes=3)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert recognise(shapes) == f"{family}_{width}"


@pytest.mark.parametrize("family", FAMILIES)
def test_one_that_sees_no_colour_says_so_instead_of_painting(family, tmp_path):
    save_file(drawn(family, channels=1).state_dict(), tmp_path / "digits.safetensors")
    with pytest.raises(WeightsError, match=rf"digits.safetensors is a {family}_narrow that knows only grey pictures"):
        load_backbone(tmp_path / "digits.safetensors")
