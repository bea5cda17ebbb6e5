"""Loads torch and the network before they are needed, so that the first stroke comes at once."""

from typing import Any

import torch

from models.fast_style import FastStyleNetwork
from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.events import Job, Progress
from studio.core.style_settings import StyleSettings
from studio.core.weights import resolve_backbone
from studio.jobs.style.arithmetic import format_of_backbone
from studio.jobs.style.fast_stylize import format_of_fast_styles
from studio.jobs.style.stylize import LOADING, open_backbone

_SIDE = 128
"""The size at which a painting starts: what is compiled or allocated for it is there afterwards."""


def warm_up(task: str, controls: Controls[Any]) -> Job[str]:
    """Prepare the network called `task`, and return what computes, for the status bar.

    Raises:
        StudioError: the network cannot be had.

    """
    yield Progress(LOADING)
    device = choose_device()
    backbone = open_backbone(resolve_backbone(task), StyleSettings()).to(device.kind)
    yield Progress(LOADING)
    image = torch.full((1, 3, _SIDE, _SIDE), 0.5, device=device.kind, requires_grad=True)
    features = backbone(image, backbone.scales)
    yield Progress(LOADING)
    torch.autograd.grad(sum(feature.square().mean() for feature in features.values()), image)
    yield Progress(LOADING)
    format_of_backbone(backbone)
    yield Progress(LOADING)
    format_of_fast_styles(FastStyleNetwork().to(device.kind).requires_grad_(False).eval())  # once for each version
    return device.label
