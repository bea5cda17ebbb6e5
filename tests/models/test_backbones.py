"""The networks: torchvision's layouts, taps, early stop, borders, and untrained weights that keep their size."""

import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from models.average_pooling import AveragePool
from models.backbones import ARCHITECTURES, WeightsError, inspect_weights, load_backbone, untrained_backbone
from models.style_transfer import LossWeights, StyleObjective
from studio.core.inference_format import FORMATS, in_format

TORCHVISION = ("vgg16", "vgg16_bn", "vgg19", "squeezenet1_1")


def picture(height=64, width=64, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def torchvision_models():
    for operator, schema in (
        ("nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
        ("qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
    ):
        if not hasattr(torch.ops.torchvision, operator):  # beside a CPU-only torch its compiled part cannot load
            torch.library.define(f"torchvision::{operator}", schema)
    return pytest.importorskip("torchvision.models")


@pytest.mark.parametrize("architecture", TORCHVISION)
def test_layouts_are_torchvisions(architecture, torchvision_models):
    with torch.device("meta"):
        theirs = getattr(torchvision_models, architecture)(weights=None).features.state_dict()
    ours = untrained_backbone(architecture).features.state_dict()
    assert {name: value.shape for name, value in ours.items()} == {name: value.shape for name, value in theirs.items()}


@pytest.mark.parametrize("architecture", ["vgg16", "squeezenet1_1"])
def test_the_layers_compute_what_torchvisions_do(architecture, torchvision_models):
    ours = untrained_backbone(architecture, seed=3, pooling="max").features
    with torch.device("meta"):
        theirs = getattr(torchvision_models, architecture)(weights=None).features
    theirs.to_empty(device="cpu").load_state_dict(ours.state_dict())
    for layer in ours.modules():
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "zeros"  # SqueezeNet's borders are ours
    with torch.no_grad():
        torch.testing.assert_close(ours(picture(48, 64)), theirs.eval()(picture(48, 64)))


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_untrained_weights_keep_activations_at_their_size(architecture):
    backbone = untrained_backbone(architecture, seed=1, pooling="average")
    assert not backbone.trained
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    for features in backbone(picture(), backbone.scales).values():
        assert 0.05 < features.square().mean().sqrt() < 20.0


def test_untrained_weights_are_the_same_for_the_same_seed_and_touch_no_global_state():
    state = torch.random.get_rng_state()
    one, same, other = (untrained_backbone("squeezenet1_1", seed=seed) for seed in (5, 5, 6))
    assert torch.equal(torch.random.get_rng_state(), state)
    pairs = list(zip(one.parameters(), same.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert not all(torch.equal(a, c) for a, _, c in pairs)


def test_forward_stops_at_the_deepest_tap():
    backbone = untrained_backbone("vgg19")
    ran = []
    for index, layer in enumerate(backbone.features):
        layer.register_forward_hook(lambda *_, index=index: ran.append(index))
    seen = backbone(picture(), ["relu2_1", "relu1_2"])
    assert set(seen) == {"relu1_2", "relu2_1"}
    assert ran == list(range(backbone.depth("relu2_1")))


def test_a_tap_shows_what_the_layers_up_to_it_compute():
    backbone = untrained_backbone("vgg16")
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (picture() - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    for layer in backbone.features[: backbone.depth("relu3_1")]:
        x = layer(x)
    torch.testing.assert_close(backbone(picture(), ["relu3_1"])["relu3_1"], x)


def test_unknown_taps_and_too_small_pictures_are_named():
    backbone = untrained_backbone("squeezenet1_1")
    with pytest.raises(ValueError, match="has no tap relu9; it has relu1, fire2"):
        backbone(picture(), ["relu9"])
    with pytest.raises(ValueError, match="fire9 needs a side of 32 px, the picture has 40×31"):
        backbone(picture(31, 40), ["fire9"])
    assert backbone.scales_within(31, 400) == ("relu1", "fire3", "fire5")


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_every_scale_sees_something_in_the_smallest_picture_it_is_offered_for(architecture):
    backbone = untrained_backbone(architecture)
    for tap in backbone.scales:
        side = backbone.smallest_side(tap)
        assert min(backbone(picture(side, side), [tap])[tap].shape) >= 1


def test_a_watcher_can_give_a_pass_up():
    layers = iter(range(100))

    class TooLong(Exception):  # noqa: N818
        pass

    def watch():
        if next(layers) == 7:
            raise TooLong

    with pytest.raises(TooLong):
        untrained_backbone("vgg16")(picture(), ["relu5_1"], watch=watch)
    assert next(layers) == 8


def test_loaded_weights_are_those_in_the_file(tmp_path):
    source = untrained_backbone("vgg16_bn", seed=2)
    tensors = {f"module.features.{name}": value for name, value in source.features.state_dict().items()}
    torch.save({"state_dict": tensors | {"module.classifier.0.weight": torch.zeros(3)}}, tmp_path / "net.pth")
    loaded = load_backbone(tmp_path / "net.pth")
    assert (loaded.architecture, loaded.trained) == ("vgg16_bn", True)
    assert torch.equal(loaded(picture(), ["relu4_1"])["relu4_1"], source(picture(), ["relu4_1"])["relu4_1"])


class Code:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps({"features.0.weight": Code()}, protocol=2), "wants to run code when it is opened"),
        (b"hello", "is damaged or is not a weights file"),
        (b"", "is cut off"),
    ],
)
def test_files_that_hold_more_than_numbers_or_less_are_refused(content, words, tmp_path, capsys):
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=words):
        load_backbone(path, "vgg16")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("look", [load_backbone, inspect_weights])
def test_one_that_diverged_is_refused_before_it_is_used_or_imported(tmp_path, look):
    state = untrained_backbone("slim").features.state_dict()
    state = {f"features.{name}": value for name, value in state.items()}
    torch.save(state, tmp_path / "a.pth")
    look(tmp_path / "a.pth")
    state["features.0.weight"][0, 0, 0, 0] = torch.nan
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"a\.pth holds weights that are not finite .* see features\.0\.weight"):
        look(tmp_path / "a.pth")


@pytest.mark.data
def test_real_squeezenet_tells_textures_apart(shared_data):
    backbone = load_backbone(shared_data / "weights" / "squeezenet1_1.pth")
    assert backbone.architecture == "squeezenet1_1"
    stripes = torch.zeros(1, 3, 64, 64)
    stripes[..., ::4, :] = 1.0
    deep = [backbone(image, ["fire9"])["fire9"] for image in (stripes, stripes.roll(1, 2), stripes.transpose(2, 3))]
    moved, turned = (F.mse_loss(deep[0], other) for other in deep[1:])
    assert moved < turned


@pytest.mark.parametrize(
    ("kernel", "stride", "size"), [(2, 2, (8, 6)), (2, 2, (7, 5)), (3, 2, (9, 11)), (3, 2, (8, 6))]
)
def test_average_pooling_is_torchs_there_and_back(kernel, stride, size):
    x = torch.rand(2, 5, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    over = [-(length - kernel) % stride for length in size]
    expected = F.avg_pool2d(F.pad(x, [0, over[1], 0, over[0]], mode="replicate"), kernel, stride)
    pooled = AveragePool(kernel, stride)(x)
    torch.testing.assert_close(pooled, expected)
    weight = torch.rand_like(pooled)
    (mine,) = torch.autograd.grad((pooled * weight).sum(), x, retain_graph=True)
    (theirs,) = torch.autograd.grad((expected * weight).sum(), x)
    torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("architecture", ["slim", "squeezenet1_1", "vgg16_bn"])
@pytest.mark.parametrize("format", FORMATS[1:], ids=str)
def test_in_another_format_it_sees_nearly_the_same_and_tells_it_in_full_precision(architecture, format):
    plain = untrained_backbone(architecture, pooling="average")
    other = in_format(untrained_backbone(architecture, pooling="average"), format)
    image = picture(75, 64).requires_grad_()  # an odd side: windows stand over
    tap = plain.scales[2]
    seen = [network(image, [tap])[tap] for network in (plain, other)]
    gradients = [torch.autograd.grad(x.square().mean(), image)[0] for x in seen]
    assert seen[1].dtype == gradients[1].dtype == torch.float32
    near = 0.1 if format.dtype == "bfloat16" else 1e-3
    for one, another in (seen, gradients):
        assert float((one - another).detach().norm()) < near * float(one.detach().norm())


def test_channels_stay_last_on_their_way_through_the_layers_and_the_loss():
    network = in_format(untrained_backbone("slim"), FORMATS[1])
    formats = []
    for layer in network.features:
        layer.register_forward_pre_hook(
            lambda _layer, given: formats.append(given[0].is_contiguous(memory_format=torch.channels_last))
        )
    objective = StyleObjective(network, "gram", picture(75, 64), [picture(64, 64, seed=1)])
    objective.begin(picture(75, 64, seed=2), LossWeights()).backward()
    assert all(formats)
