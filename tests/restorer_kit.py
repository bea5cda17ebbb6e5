"""Small networks that restore, as files: quickly made, and with something to say."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from models.collapsible import collapse
from models.restoration import RestorerFacts, build, to_file

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
