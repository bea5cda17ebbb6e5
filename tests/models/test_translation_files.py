"""Translators as files: ours, and those of the papers' authors, read by a second, plain reading of their code."""

import re

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F  # noqa: N812
from translator_kit import BOTH_WAYS, ONE_WAY, lively, write_translator

from models.cyclegan import ResnetGenerator, SeparableGenerator
from models.foreign_translators import to_junyanz
from models.pix2pix import UnetGenerator
from models.translation import TranslatorFacts, build, foreign_facts, load_translator
from models.weight_files import WeightsError
from models.weight_headers import UnknownNetworkError


def normed(state, at, x):
    """Batch norm where the file has its weights, else instance norm."""
    if f"{at}.weight" in state:
        names = ("running_mean", "running_var", "weight", "bias")
        mean, var, weight, bias = (state[f"{at}.{name}"].view(1, -1, 1, 1) for name in names)
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, correction=0)
    return (x - mean) / (var + 1e-5).sqrt()


def plain_resnet(state, x):
    """`ResnetGenerator` of their networks.py, by the numbers of its layers."""

    def conv(at, x, pad=0, stride=1):
        x = F.pad(x, [pad] * 4, mode="reflect") if pad else x
        return F.conv2d(x, state[f"{at}.weight"], state.get(f"{at}.bias"), stride=stride, padding=int(stride == 2))

    blocks = sorted({int(name.split(".")[1]) for name in state if "conv_block" in name})
    x = F.relu(normed(state, "model.2", conv("model.1", x, 3)))
    x = F.relu(normed(state, "model.5", conv("model.4", x, stride=2)))
    x = F.relu(normed(state, "model.8", conv("model.7", x, stride=2)))
    for number in blocks:
        at = f"model.{number}.conv_block"
        last = max(int(name.split(".")[3]) for name in state if name.startswith(at) and state[name].ndim == 4)
        inner = F.relu(normed(state, f"{at}.2", conv(f"{at}.1", x, 1)))
        x = x + normed(state, f"{at}.{last + 1}", conv(f"{at}.{last}", inner, 1))
    for number in (blocks[-1] + 1, blocks[-1] + 4):
        weight, bias = state[f"model.{number}.weight"], state.get(f"model.{number}.bias")
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=1, output_padding=1)
        x = F.relu(normed(state, f"model.{number + 1}", x))
    return torch.tanh(conv(f"model.{blocks[-1] + 8}", x, 3))


def plain_unet(state, x, at="model.model"):
    """`UnetSkipConnectionBlock` of their networks.py, by itself again and again."""

    def down(place, x):
        return F.conv2d(x, state[f"{at}.{place}.weight"], state.get(f"{at}.{place}.bias"), stride=2, padding=1)

    def up(place, x):
        weight, bias = state[f"{at}.{place}.weight"], state.get(f"{at}.{place}.bias")
        return F.conv_transpose2d(F.relu(x), weight, bias, stride=2, padding=1)

    if at == "model.model":
        return torch.tanh(up(3, plain_unet(state, down(0, x), f"{at}.1.model")))
    seen = F.leaky_relu(x, 0.2)
    if any(name.startswith(f"{at}.3.model") for name in state):
        inner = plain_unet(state, normed(state, f"{at}.2", down(1, seen)), f"{at}.3.model")
        made = normed(state, f"{at}.6", up(5, inner))
    else:
        made = normed(state, f"{at}.4", up(3, down(1, seen)))
    return torch.cat([seen, made], dim=1)


def with_biases(state, seed=1):
    """A file as theirs are: with biases that instance norm takes away, and what it kept before PyTorch 0.4."""
    chance = torch.Generator().manual_seed(seed)
    state = {name: torch.rand(value.shape, generator=chance) if name.endswith("bias") and not value.any() else value
             for name, value in state.items()}  # fmt: skip
    if "model.2.weight" not in state and "model.1.weight" in state:
        state |= {"model.2.running_mean": torch.ones(4), "model.2.running_var": torch.ones(4)}
    return state


NETWORKS = {
    "6 blocks": ResnetGenerator(4, 6),
    "dropout": ResnetGenerator(4, 2, dropout=True),
    "batch norm": ResnetGenerator(4, 1, norm="batch"),
    "U-Net": UnetGenerator(4, 5, dropout=False),
    "U-Net, batch norm": UnetGenerator(4, 3, norm="batch", dropout=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_their_generators_compute_here_what_they_compute_there(name, tmp_path):
    network = lively(NETWORKS[name])
    state = with_biases(to_junyanz(network))
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "latest_net_G.pth")
    picture = torch.rand(1, 3, 64, 32)
    plain = plain_unet if name.startswith("U-Net") else plain_resnet
    expected = (plain(state, picture * 2 - 1) + 1) / 2
    loaded, facts = load_translator(tmp_path / "latest_net_G.pth")
    assert (loaded(picture) - expected).abs().max() < 1e-4
    assert facts == foreign_facts(tmp_path / "latest_net_G.pth")
    shape = {"depth": len(network.encoder)} if facts.network == "unet" else {"blocks": len(network.body)}
    assert facts.shape.items() >= shape.items()
    assert facts.shape["dropout"] == (name == "dropout")
    assert facts.shape["norm"] == ("batch" if "batch" in name else "instance")


def test_what_is_written_in_their_layout_has_every_name_that_theirs_asks_for():
    written = to_junyanz(ResnetGenerator(4, 1))
    asked = re.findall(r"\S+", """
        model.1.weight model.1.bias model.4.weight model.4.bias model.7.weight model.7.bias
        model.10.conv_block.1.weight model.10.conv_block.1.bias model.10.conv_block.5.weight model.10.conv_block.5.bias
        model.11.weight model.11.bias model.14.weight model.14.bias model.18.weight model.18.bias""")  # fmt: skip
    assert sorted(written) == sorted(asked)
    with pytest.raises(WeightsError, match="papers' own"):
        to_junyanz(SeparableGenerator(4, 1))


def test_what_is_none_of_theirs_is_told(tmp_path):
    torch.save({"features.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "vgg.pth")
    with pytest.raises(UnknownNetworkError, match="no generator"):
        load_translator(tmp_path / "vgg.pth")
    state = to_junyanz(ResnetGenerator(4, 1))
    torch.save({**state, "model.4.weight": torch.zeros(9, 4, 3, 3)}, tmp_path / "odd.pth")
    with pytest.raises(UnknownNetworkError):
        load_translator(tmp_path / "odd.pth")
    torch.save({**state, "model.1.weight": state["model.1.weight"] * torch.nan}, tmp_path / "nan.pth")
    with pytest.raises(WeightsError, match="not finite"):
        load_translator(tmp_path / "nan.pth")


FILES = [
    BOTH_WAYS, ONE_WAY, TranslatorFacts("unet", {"width": 4, "depth": 3}),
    TranslatorFacts("separable", {"width": 4, "blocks": 1, "noise": True}),
]  # fmt: skip


@pytest.mark.parametrize("facts", FILES)
def test_a_file_says_how_its_network_is_built_and_gives_it_back(facts, tmp_path):
    path = write_translator(tmp_path / "pair.safetensors", facts)
    picture = torch.rand(1, 3, 16, 16)
    for number, way in enumerate(facts.ways):
        loaded, told = load_translator(path, way)
        assert told == facts
        assert (loaded(picture) - lively(build(facts), number)(picture)).abs().max() < 0.05  # half precision
    if "ba" not in facts.ways:
        with pytest.raises(WeightsError, match="one way only, AB"):
            load_translator(path, "ba")


def test_damaged_files_are_told(tmp_path):
    path = write_translator(tmp_path / "pair.safetensors")
    header = BOTH_WAYS.to_metadata()

    def written(tensors, **changes):
        save_file(tensors, tmp_path / "other.safetensors", header | changes)
        return tmp_path / "other.safetensors"

    tensors = {"ab.encoder.0.convolve.1.weight": torch.zeros(1)}
    with pytest.raises(WeightsError, match="does not fit its own description"):
        load_translator(written(tensors))
    for change, words in (
        ({"task": "restorer"}, "no network that translates"), ({"format": "9"}, "newer version"),
        ({"shape": "{"}, "does not say how"), ({"shape": '{"width": 100000}'}, "cannot be built"),
    ):  # fmt: skip
        with pytest.raises(WeightsError, match=words):
            load_translator(written(tensors, **change))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(WeightsError):
        load_translator(path)
