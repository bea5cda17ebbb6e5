"""A colouriser as a file: untrained, and with something to say."""

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file

from models.colouriser import Colouriser, ColouriserFacts, to_file


@cache
def lively_colouriser(seed: int = 0) -> Colouriser:
    """An untrained network that guesses colours, and follows hints near them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Colouriser()
    network.initialise(dict(network.encoder.state_dict()), generator)
    with torch.no_grad():
        for layer in (network.guess, network.bins):
            layer.weight.normal_(0.0, 0.02, generator=generator)
        network.spread.query.weight.normal_(0.0, 0.05, generator=generator)
        network.guess.bias.copy_(torch.tensor([0.1, 0.25]))
    return network.eval().requires_grad_(False)


def write_colouriser(path: Path, seed: int = 0) -> Path:
    """Write such a network as a finished run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_file(lively_colouriser(seed)), path, ColouriserFacts(steps=3, side=64).to_metadata())
    return path
