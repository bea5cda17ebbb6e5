"""Small networks that translate, as files: quickly made, and with something to say."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from models.translation import TranslatorFacts, build, to_file

BOTH_WAYS = TranslatorFacts("separable", {"width": 4, "blocks": 1}, ("ab", "ba"), a="photo", b="painting", size=32)
ONE_WAY = TranslatorFacts("resnet", {"width": 4, "blocks": 1}, ("ab",))


def lively(network, seed=0):
    """The network in eval mode, with weights that make much of a picture."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0.0, (2.0 / max(1, weight[0].numel())) ** 0.5 if weight.ndim > 1 else 0.5, generator=chance)
    return network.eval()


def write_translator(path: Path, facts: TranslatorFacts = BOTH_WAYS, seed: int = 0) -> Path:
    """Write such networks as a finished run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generators = {way: lively(build(facts), seed + number) for number, way in enumerate(facts.ways)}
    save_file(to_file(generators), path, facts.to_metadata())
    return path
