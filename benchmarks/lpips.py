"""LPIPS (Zhang et al. 2018): how different two pictures look, by torchmetrics' heads on the SqueezeNet of the shelf."""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from models.vision_operators import declare_vision_operators
from models.weight_files import read_tensors

__all__ = ["lpips", "open_lpips"]


def open_lpips(squeezenet: Path) -> nn.Module:
    """Return what compares two N×3×H×W, 0–1 (`normalize=True`), by a file of SqueezeNet 1.1 in torchvision's layout."""
    declare_vision_operators()
    from torchmetrics.functional.image.lpips import _NoTrainLpips

    judge = _NoTrainLpips(net="squeeze", pnet_rand=True)  # its own backbone would be downloaded
    trained = read_tensors(squeezenet, prefix="features.")
    own = {f"net.{name}": name for name in judge.net.state_dict()}
    # "slices.2.6.squeeze.weight" is "features.6.squeeze.weight" elsewhere
    weights = {name: trained["features." + _within(inner)] for name, inner in own.items()}
    judge.load_state_dict({**judge.state_dict(), **weights})
    return judge.requires_grad_(False)


def _within(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[2:] if parts[0] == "slices" else parts[1:])


def lpips(judge: nn.Module, made: Tensor, wanted: Tensor) -> float:
    """Return the distance of two pictures: 0 the same."""
    with torch.no_grad():
        return float(judge(made.clamp(0.0, 1.0), wanted, normalize=True))
