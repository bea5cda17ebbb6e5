"""A fast style small enough for a test: it has learnt nothing, but it paints."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from models.fast_style import FastStyleNetwork, StrengthNorm
from models.fast_style_files import FastStyleFacts, to_file


def small_fast_style(seed: int = 0) -> FastStyleNetwork:
    """A narrow network to which strength matters."""
    chance = torch.Generator().manual_seed(seed)
    network = FastStyleNetwork(width=0.125, blocks=1)
    network.initialise(chance)
    for module in network.modules():
        if isinstance(module, StrengthNorm):
            module.scale_by_strength.data.normal_(0, 0.3, generator=chance)
    network.decoder[-1].conv.weight.data.mul_(20)
    return network.requires_grad_(False).eval()


def write_fast_style(path: Path, seed: int = 0, painting: str = "stripes.png") -> Path:
    """Write one to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = FastStyleFacts(0.125, 1, painting, "ab" * 32, "atelier-slim", 10)
    save_file(to_file(small_fast_style(seed)), path, facts.to_metadata())
    return path


def write_finished_run(folder: Path, title: str = "Stripes", seed: int = 0) -> Path:
    """Write what is left of a run that trained one."""
    write_fast_style(folder / "model.safetensors", seed)
    (folder / "run.json").write_text(json.dumps({"title": title}), encoding="utf-8")
    return folder
