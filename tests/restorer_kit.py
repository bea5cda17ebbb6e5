"""Small networks that restore, as files: quickly made, and with something to say."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from models.collapsible import collapse
from models.restoration import RestorerFacts, build, to_file
from models.vision_operators import declare_vision_operators

ENLARGER = RestorerFacts("enlarger", {"scale": 2, "width": 8, "blocks": 1})
ENHANCER = RestorerFacts("enhancer", {"width": 8, "down": [1, 1], "middle": 1, "up": [1, 1]}, damage="mend")


def lively(facts: RestorerFacts, seed: int = 0) -> torch.nn.Module:
    """An untrained network, as it learns, whose every layer changes the picture."""
    generator = torch.Generator().manual_seed(seed)
    network = build(facts)
    if facts.network != "unet":
        network.initialise(generator)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("_scale") or name.startswith("to_pixels"):
                weight.normal_(0.0, 0.1, generator=generator)
    return network.eval()


def write_restorer(path: Path, facts: RestorerFacts, seed: int = 0) -> Path:
    """Write such a network as a finished run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_file(collapse(lively(facts, seed))), path, facts.to_metadata())
    return path


def write_foreign(path: Path, design: str) -> Path:
    """Write untrained weights as other people's trainers do, under "params_ema"."""
    torch.manual_seed(0)
    network = _foreign(design)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 4 and name.startswith(("conv_last", "m_tail")):
                weight.mul_(4.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(network.state_dict(), path)
    else:
        torch.save({"params_ema": network.state_dict()}, path)
    return path


def _foreign(design: str) -> torch.nn.Module:
    declare_vision_operators()
    from spandrel.architectures.ESRGAN import ESRGAN
    from spandrel.architectures.SCUNet import SCUNet
    from spandrel.architectures.SPAN import SPAN

    match design:
        case "SPAN":
            return SPAN(num_in_ch=3, num_out_ch=3, feature_channels=16, upscale=2)
        case "ESRGAN":
            return ESRGAN(in_nc=12, num_filters=8, num_blocks=1, shuffle_factor=2, scale=4)
        case _:
            return SCUNet(config=[1] * 7)
