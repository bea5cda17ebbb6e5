"""Small generators, as files and as they are: quickly made, and each stage of them has its say."""

from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from models.gan import Generator
from models.generator_files import GeneratorFacts, build_generator, to_file

STYLED = GeneratorFacts("styled", {"widths": [16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 16)
LESSONS = GeneratorFacts(
    "dcgan",
    {"size": 16, "latent": 8, "width": 4, "extra": 1, "upsampling": "transposed", "norm": "batch"},
    16,
)


def lively(facts: GeneratorFacts = STYLED, seed: int = 0) -> Generator:
    """An untrained network in eval mode, whose residual blocks do something."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_generator(facts)
        for name, weight in network.named_parameters():
            if name.endswith("behind.weight"):
                torch.nn.init.normal_(weight, 0.0, 0.3)
    return network.requires_grad_(False).eval()


def write_generator(path: Path, facts: GeneratorFacts = STYLED, seed: int = 0) -> Path:
    """Write such a network as a finished run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_file(lively(facts, seed)), path, facts.to_metadata())
    return path


def write_pictures(folder: Path, count: int = 24, side: int = 16) -> Path:
    """Write pictures of one kind: a bright spot somewhere on darker ground."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows, columns = np.mgrid[:side, :side]
    for number in range(count):
        y, x = generator.uniform(0.3, 0.7, 2) * side
        spot = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (side / 4) ** 2)[..., None]
        picture = generator.uniform(20, 80, 3) + spot * generator.uniform(80, 170, 3)
        cv2.imwrite(str(folder / f"{number:02}.png"), picture.astype(np.uint8))
    return folder
