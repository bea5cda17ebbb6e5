"""Small networks that find damage and fill holes, as files; photos with damage whose place is known."""

from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from models.inpainter import Inpainter
from models.network_files import NetworkFacts, to_file
from models.scratch_detector import ScratchDetector
from models.weight_headers import INPAINTER, SCRATCH_DETECTOR

SMALL_FILLER = NetworkFacts(INPAINTER, {"widths": [8, 8], "blocks": [1], "dilations": [1, 2]}, steps=3)
SMALL_DETECTOR = NetworkFacts(SCRATCH_DETECTOR, {"widths": [8, 8], "blocks": [1, 1]}, steps=3)


def small_filler(seed: int = 0) -> Inpainter:
    """An untrained network whose correction shows."""
    network = Inpainter(**SMALL_FILLER.shape)
    network.initialise(torch.Generator().manual_seed(seed))
    with torch.no_grad():  # it has learnt something, whatever that may be
        network.to_pixels.weight.normal_(0.0, 0.02, generator=torch.Generator().manual_seed(seed))
    return network.eval()


def small_detector(seed: int = 0) -> ScratchDetector:
    """An untrained network."""
    network = ScratchDetector(**SMALL_DETECTOR.shape)
    network.initialise(torch.Generator().manual_seed(seed))
    return network.eval()


def white_detector() -> ScratchDetector:
    """A network that finds, as damage, whatever is whiter than three quarters: by weights that are set by hand."""
    network = ScratchDetector(**SMALL_DETECTOR.shape)
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        # pixel unshuffle: channel 4 · colour + place; every place keeps to itself, red alone is looked at
        for place in range(4):
            network.head.weight[place, place, 1, 1] = 400.0
            network.head.bias[place] = -100.0  # red − ½ above ¼
            network.tail.weight[place, place, 1, 1] = 1.0
        network.tail.bias[:4] = -1.0
        network.tail.bias[4:] = -50.0
    return network.eval()


def write_network(path: Path, network: torch.nn.Module, facts: NetworkFacts) -> Path:
    """Write a network as a finished run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(to_file(network), path, facts.to_metadata())
    return path


def soft_photo(height: int = 64, width: int = 80, seed: int = 0) -> np.ndarray:
    """H×W×3 bytes, smooth, none of it white."""
    coarse = np.random.default_rng(seed).integers(20, 150, (6, 8, 3), dtype=np.uint8)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 170).astype(np.uint8)
