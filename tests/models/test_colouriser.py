"""The network that colours: what comes out, what a hint does, and its file."""

import pytest
import torch
from colouriser_kit import lively_colouriser, write_colouriser
from safetensors.torch import load_file, save_file

from models.colour_bins import bin_centres
from models.colouriser import Colouriser, ColouriserFacts, load_colouriser
from models.weight_files import WeightsError
from models.weight_headers import safetensors_metadata


def one_hint(height, width, y, x, a=0.5, b=-0.3):
    hints = torch.zeros(1, 3, height, width)
    hints[0, :, y, x] = torch.tensor([a, b, 1.0])
    return hints


def test_colours_come_at_half_the_size_and_chances_at_an_eighth():
    network = lively_colouriser()
    made = network(torch.rand(2, 1, 48, 64) * 100, torch.zeros(2, 3, 24, 32))
    assert made.ab.shape == (2, 2, 24, 32)
    assert made.bins.shape == (2, len(bin_centres()), 6, 8)
    assert sum(weight.numel() for weight in network.parameters()) < 2_100_000  # 4.2 MB


def test_without_hints_it_is_its_own_guess():
    network = lively_colouriser()
    lightness, hints = torch.rand(1, 1, 32, 32) * 100, torch.zeros(1, 3, 16, 16)
    with torch.no_grad():
        alone = network(lightness, hints).ab
        beside = network(lightness.repeat(2, 1, 1, 1), torch.cat([hints, one_hint(16, 16, 3, 4)])).ab
    assert torch.allclose(beside[:1], alone, atol=1e-5)
    assert (beside[1] - alone[0]).abs().max() > 0.01


def test_what_a_place_hears_is_the_hint_that_is_near_and_as_light():
    attention = lively_colouriser().spread
    x = torch.zeros(1, 64, 8, 8)  # nothing is seen
    lightness = torch.full((1, 1, 16, 16), 10.0)
    hints = one_hint(16, 16, 1, 1) + one_hint(16, 16, 14, 14, -0.4, 0.6)

    def colours(lightness):
        heard = attention(x, hints, lightness).unflatten(1, (4, 3))[0]
        assert (heard[:, 2] > 0).all()
        assert (heard[:, 2] < 1).all()
        return heard[:, :2] / heard[:, 2:]

    even = colours(lightness)
    for place, colour in (((0, 0), (0.5, -0.3)), ((7, 7), (-0.4, 0.6))):
        assert (even[:, :, place[0], place[1]] - torch.tensor(colour)).abs().max() < 0.1
    lightness[..., 6:8, 6:8] = lightness[..., 14, 14] = 90.0  # nearer to the first, and as light as the second
    assert even[:, 0, 3, 3].min() > 0.2
    assert colours(lightness)[:, 0, 3, 3].max() < -0.3
    assert not attention(x, torch.zeros(1, 3, 16, 16), lightness).any()


def test_how_far_a_hint_is_heard_is_what_the_formula_says():
    """The logits written out: q·k/√d − s·|x − y|² − t·(L − L')² for a hint, its own for none."""
    attention = lively_colouriser().spread
    x, hints, lightness = torch.randn(1, 64, 4, 8), one_hint(8, 16, 4, 12), torch.rand(1, 1, 8, 16) * 100
    with torch.no_grad():
        heard = attention(x, hints, lightness).unflatten(1, (4, 3))[0, :, 2]
        asked, none = attention.query(x)[0].unflatten(0, (4, 17)).split([16, 1], dim=1)
        key = attention.key(x)[0].unflatten(0, (4, 16))[..., 2:4, 6:8].mean(dim=(2, 3))
        near, alike = (torch.nn.functional.softplus(w)[:, None, None] for w in (attention.nearness, attention.likeness))
    y, x_ = (torch.arange(4) + 0.5) / 8, (torch.arange(8) + 0.5) / 8  # the longer side is 1
    distance = (y[:, None] - 4.5 / 16).square() + (x_[None] - 12.5 / 16).square()
    lighter = (torch.nn.functional.avg_pool2d(lightness, 2)[0, 0] - lightness[0, 0, 4, 12]) / 100
    logit = (asked * key[..., None, None]).sum(dim=1) / 4 - near**2 * distance - alike**2 * lighter.square()
    assert torch.allclose(heard, torch.sigmoid(logit - none[:, 0]), atol=1e-4)


def test_a_file_says_what_it_is(tmp_path):
    path = write_colouriser(tmp_path / "colour.safetensors")
    network, facts = load_colouriser(path)
    assert (facts.steps, facts.side) == (3, 64)
    assert path.stat().st_size < 5_000_000
    given = torch.rand(1, 1, 32, 32) * 100, one_hint(16, 16, 8, 8)
    assert torch.allclose(network(*given).ab, lively_colouriser()(*given).ab, atol=0.02)


def test_other_files_are_told_apart(tmp_path):
    path = write_colouriser(tmp_path / "colour.safetensors")
    tensors, facts = load_file(path), safetensors_metadata(path)
    for changes, words in (({"format": "9"}, "newer version"), ({"task": "restorer"}, "holds no network that colours"),
                           ({"side": "wide"}, "how its network is used")):  # fmt: skip
        save_file(tensors, tmp_path / "other.safetensors", facts | changes)
        with pytest.raises(WeightsError, match=words):
            load_colouriser(tmp_path / "other.safetensors")
    save_file({"guess.weight": torch.zeros(1)}, path, ColouriserFacts().to_metadata())
    with pytest.raises(WeightsError, match="does not fit"):
        load_colouriser(path)


def test_a_new_network_guesses_grey():
    network = Colouriser()
    network.initialise(dict(network.encoder.state_dict()), torch.Generator().manual_seed(0))
    assert network(torch.rand(1, 1, 32, 32) * 100, torch.zeros(1, 3, 16, 16)).ab.abs().mean() < 0.15
