"""The lesson's U-Net: as many weights as its summary says, ICNR, skips by hooks, any encoder and size."""

import copy

import pytest
import torch
from torch import nn

from models.collapsible import collapse
from models.unet import DynamicUnet, PixelShuffleICNR, SelfAttention
from models.unet_encoders import encoder_named
from studio.training.network_optimiser import _NORMS


def weights_in(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def tiny(**options) -> DynamicUnet:
    encoder = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 24, 3, padding=1),
    )  # fmt: skip
    return DynamicUnet(encoder, size=(32, 32), **options)


def test_it_has_as_many_weights_as_the_lessons_summary_says():
    encoder, mean, std = encoder_named("resnet34")
    network = DynamicUnet(
        encoder,
        12,
        size=(360, 480),
        norm="weight",
        blur=False,
        attention=False,
        bottle=True,
        span=None,
        mean=mean,
        std=std,
    )
    plain = collapse(copy.deepcopy(network))  # the summary counts a kernel with weight norm once
    assert weights_in(plain) == 41_133_018
    norms = sum(weights_in(layer) for layer in encoder.modules() if isinstance(layer, _NORMS))
    assert weights_in(plain) - weights_in(encoder) + norms == 19_865_370


@pytest.mark.parametrize("blur", [False, True])
def test_icnr_makes_equal_pixels_at_first(blur):
    layer = PixelShuffleICNR(6, 5, blur=False)
    made = layer(torch.randn(2, 6, 4, 7))
    assert made.shape == (2, 5, 8, 14)
    assert torch.equal(made[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3), made)
    if blur:
        layer.blur = True
        blurred = layer(torch.ones(1, 6, 4, 7))
        assert torch.allclose(blurred, blurred[:, :, :1, :1].expand_as(blurred), atol=1e-6)  # also at the border


def test_attention_begins_silent_and_hears_everything_later():
    layer = SelfAttention(16)
    x = torch.randn(1, 16, 5, 6, requires_grad=True)
    assert torch.equal(layer(x), x)
    nn.init.ones_(layer.gamma)
    layer(x)[0, :, 0, 0].sum().backward()
    assert (x.grad.abs().sum(dim=(0, 1)) > 0).all()


@pytest.mark.parametrize("norm", ["batch", "weight", "spectral", "none"])
def test_it_takes_pictures_of_any_size_and_stays_in_its_range(norm):
    network = tiny(norm=norm).eval()
    for size in ((32, 32), (45, 37)):
        picture = torch.rand(1, 3, *size)
        made = network(picture)
        assert made.shape == picture.shape
        low, high = (network.mean + edge * network.std for edge in network.span)
        assert ((made > low) & (made < high)).all()


def test_a_copy_keeps_its_own_skips():
    network = tiny().eval()
    twin = copy.deepcopy(network)
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = network(picture)
        network.encoder(torch.rand(1, 3, 16, 16))  # what the first one's hooks hold now is another picture's
        assert torch.allclose(twin(picture), expected)
        assert torch.allclose(collapse(twin)(picture), expected, atol=1e-4)
        assert torch.allclose(network(picture), expected)  # unharmed by its copy's collapse


@pytest.mark.parametrize("name", ["mobilenet_v2", "vgg11_bn", "atelier-slim"])
def test_other_encoders_serve_too(name):
    encoder, mean, std = encoder_named(name)
    network = DynamicUnet(encoder, size=(64, 64), mean=mean, std=std).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 96)).shape == (1, 3, 64, 96)


def test_what_is_no_encoder_is_told():
    with pytest.raises(ValueError, match="no encoder"):
        encoder_named("resnet_of_ones_own")
    with pytest.raises(ValueError, match="never makes the picture smaller"):
        DynamicUnet(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1)), size=(32, 32))
