"""Between pictures, H×W bytes as files and screens have them, and tensors 1×3×H×W, as networks take them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["to_deep_picture", "to_picture", "to_tensor"]


def to_tensor(picture: NDArray[np.uint8]) -> Tensor:
    """H×W×3|4 uint8 → 1×3×H×W float32, 0–1; alpha is left to the composition."""
    pixels = torch.from_numpy(np.array(picture[:, :, :3]))  # a copy: loaded pictures are read-only
    return pixels.permute(2, 0, 1).unsqueeze(0).to(torch.float32).div_(255.0)


def to_picture(image: Tensor) -> NDArray[np.uint8]:
    """1×3×H×W, 0–1 → H×W×3 uint8, rounded; whatever lies outside is cut off."""
    pixels = image.detach().clamp(0.0, 1.0).mul(255.0).round_().to(torch.uint8)
    return np.ascontiguousarray(pixels[0].permute(1, 2, 0).cpu().numpy())


def to_deep_picture(image: Tensor) -> NDArray[np.uint16]:
    """1×3×H×W, 0–1 → H×W×3 uint16, rounded; whatever lies outside is cut off."""
    pixels = image.detach().clamp(0.0, 1.0).mul(65535.0).round_().to(torch.int32)
    return np.ascontiguousarray(pixels[0].permute(1, 2, 0).cpu().numpy().astype(np.uint16))
