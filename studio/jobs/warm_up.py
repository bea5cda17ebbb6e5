"""Loads torch and the network before they are needed, so that the first stroke comes at once."""

from time import perf_counter
from typing import Any

import torch

from models.backbones import Backbone
from models.fast_style import FastStyleNetwork
from models.statistics import gram_matrix
from studio.core.controls import Controls
from studio.core.cost import PaceMemo
from studio.core.device import Device, choose_device
from studio.core.events import Job, Progress
from studio.core.inference_format import synchronize
from studio.core.style_settings import StyleSettings
from studio.core.weights import resolve_backbone
from studio.jobs.style.arithmetic import format_of_backbone
from studio.jobs.style.fast_stylize import format_of_fast_styles
from studio.jobs.style.stylize import LOADING, open_backbone

_SIDE = 128
"""The size at which a painting starts: what is compiled or allocated for it is there afterwards."""
_MEASURED_SIDE, _TURNS = 256, 2
"""How fast this computer is: on the second turn nothing has to be allocated any more."""


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
    if task not in PaceMemo.standard().read():
        yield from _measure(backbone, task, device)
    yield Progress(LOADING)
    format_of_backbone(backbone)
    yield Progress(LOADING)
    format_of_fast_styles(FastStyleNetwork().to(device.kind).requires_grad_(False).eval())  # once for each version
    return device.label


def _measure(backbone: Backbone, task: str, device: Device) -> Job[None]:
    """Find out how long an evaluation takes here, so that the first painting's time can be told."""
    image = torch.full((1, 3, _MEASURED_SIDE, _MEASURED_SIDE), 0.5, device=device.kind, requires_grad=True)
    began = 0.0
    for _ in range(_TURNS):
        yield Progress(LOADING)
        synchronize(device.kind)
        began = perf_counter()
        features = backbone(image, backbone.scales)
        losses = [gram_matrix(feature).square().mean() for feature in features.values()]
        torch.autograd.grad(torch.stack(losses).sum(), image)
        synchronize(device.kind)
    PaceMemo.standard().learn(task, device, {_MEASURED_SIDE**2: perf_counter() - began})
