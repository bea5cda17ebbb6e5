"""Other people's networks: recognised by their weights, asked as ours are, refused where they do something else."""

import numpy as np
import pytest
import torch
from restorer_kit import write_foreign

from models.foreign_restorers import ForeignRestorer, load_foreign
from models.restoration_tiles import restore_in_tiles
from models.vision_operators import declare_vision_operators
from models.weight_files import WeightsError
from models.weight_headers import UnknownNetworkError

declare_vision_operators()
from spandrel import MAIN_REGISTRY, MaskedImageModelDescriptor  # noqa: E402


def test_one_is_recognised_and_enlarges_tile_by_tile_as_in_one_pass(tmp_path):
    network = load_foreign(write_foreign(tmp_path / "2x_span.pth", "SPAN"))
    assert (network.architecture, network.scale) == ("SPAN 16nf", 2)
    assert network.reach in (8, 16, 32)
    assert load_foreign(tmp_path / "2x_span.pth", reach=48).reach == 48  # what is known is not measured again
    picture = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    made = np.empty((140, 180, 3), np.uint16)
    assert len([*restore_in_tiles(network, picture, 0.0, side=40, made=made)]) == 6
    expected = network(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)
    assert np.abs(made - expected[0].permute(1, 2, 0).numpy() * 65535).max() < 65535 / 255


def test_sides_are_padded_to_what_it_needs(tmp_path):
    network = load_foreign(
        write_foreign(tmp_path / "esrgan.safetensors", "ESRGAN")
    )  # of ×2: it halves first, and again
    assert (network.scale, network.multiple) == (2, 4)
    assert network(torch.rand(1, 3, 21, 33)).shape == (1, 3, 42, 66)


def test_one_that_sees_the_whole_picture_says_so(tmp_path):
    network = load_foreign(write_foreign(tmp_path / "scunet.pth", "SCUNet"))
    assert (network.scale, network.reach) == (1, None)


def test_what_is_for_something_else_is_refused(tmp_path):
    layer = torch.nn.Conv2d(4, 3, 1)
    fills = MaskedImageModelDescriptor(
        layer, layer.state_dict(), MAIN_REGISTRY["LaMa"].architecture, "Inpainting", [],
        supports_half=False, supports_bfloat16=False, input_channels=3, output_channels=3,
    )  # fmt: skip
    with pytest.raises(WeightsError, match=r"big-lama.pt \(LaMa\) fills holes in pictures"):
        ForeignRestorer(fills, "big-lama.pt")
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "strange.pth")
    with pytest.raises(UnknownNetworkError):
        load_foreign(tmp_path / "strange.pth")
    weights = torch.load(write_foreign(tmp_path / "span.pth", "SPAN"), weights_only=True)["params_ema"]
    torch.save({**weights, "conv_1.sk.weight": torch.zeros(3, 3, 1, 1)}, tmp_path / "broken.pth")
    with pytest.raises(WeightsError, match="does not fit"):
        load_foreign(tmp_path / "broken.pth")
