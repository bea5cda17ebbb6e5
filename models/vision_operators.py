"""Lets torchvision be imported where its compiled operators do not load."""

import torch

__all__ = ["declare_vision_operators"]

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def declare_vision_operators() -> None:
    """Declare the operators that torchvision registers shapes for; call it before importing torchvision.

    Its Linux wheel is built for CUDA. Beside a CPU build of torch the compiled part does not load, and the import ends
    with “operator torchvision::nms does not exist”, although nothing that is used here needs it.
    """
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", _SCHEMA)
