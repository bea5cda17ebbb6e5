"""The critic for few pictures looks through a network that was trained already (Sauer et al. 2021, "Projected GANs").

So it has little left to learn, which a processor can afford, and few pictures suffice for.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations

from models.backbones import Backbone

__all__ = ["ProjectedCritic"]

_LEAK = 0.2
_TOGETHER = 4
"""So many pictures are compared with one another."""
_ENDS = 4
"""Heads halve what they are given down to this side."""


class ProjectedCritic(nn.Module):
    """A critic that looks through a trained network, mixed at random, and learns small heads only.

    What a tap sees is mixed across its channels by a random 1×1 convolution, and with what coarser taps see by a random
    3×3 one: so no head can rest upon a few features (Sauer et al. 2021, section 3.2). Neither ever learns.

    All scales are brought to one size, as `calibrate` found it in real pictures. Not place by place: contrast would be
    nothing to the critic, and pictures that may be of any contrast end as black and white.

    It looks at the coarsest three scales alone: what finer ones see teaches textures before there is anything to be
    seen. Its heads also hear how much the pictures of a batch differ (Karras et al. 2018, section 3), so that it knows
    a generator by making one and the same.

    Args:
        backbone: looks; its weights are none of the critic's.
        size: side of the pictures, px.
        width: channels of the mixtures and of the heads.
        scales: so many are looked at, from the coarsest.
        larger: so many times larger it sees them.

    """

    def __init__(self, backbone: Backbone, size: int, width: int = 64, scales: int = 3, larger: int = 1) -> None:
        super().__init__()
        self._looks = (backbone,)  # in a tuple: nothing of it is saved or learns with the critic
        self._larger = larger
        self.taps = backbone.scales_within(larger * size, larger * size)[-scales:]
        with torch.no_grad():
            seen = self._seen(torch.zeros(1, 3, size, size, device=next(backbone.parameters()).device))
        for number, tap in enumerate(self.taps):
            channels = seen[tap].shape[1]
            self.register_buffer(f"across_channels_{number}", _random_kernel(width, channels, 1))
            if number < len(self.taps) - 1:
                self.register_buffer(f"across_scales_{number}", _random_kernel(width, width, 3))
        self.register_buffer("sizes", torch.ones(len(self.taps)))
        self.heads = nn.ModuleList(_head(seen[tap].shape[2], width) for tap in self.taps)

    @torch.no_grad()
    def calibrate(self, pictures: Tensor) -> None:
        """Learn how large the features of some real pictures are: N×3×size×size, −1…1."""
        seen = self._seen(pictures)
        self.get_buffer("sizes").copy_(torch.stack([seen[tap].square().mean().sqrt() for tap in self.taps]) + 1e-6)

    def _seen(self, pictures: Tensor) -> dict[str, Tensor]:
        if self._larger > 1:
            pictures = F.interpolate(pictures, scale_factor=self._larger, mode="bilinear")
        seen: dict[str, Tensor] = self._looks[0]((pictures + 1.0) / 2.0, self.taps)
        return seen

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×size×size, −1…1 → N×P, one of each scale that is looked at."""
        seen = self._seen(pictures)
        mixed: Tensor | None = None
        said: list[Tensor] = []
        for number in reversed(range(len(self.taps))):  # from the coarsest, which knows most
            own = seen[self.taps[number]] / self.get_buffer("sizes")[number]
            own = F.conv2d(own, self.get_buffer(f"across_channels_{number}"))
            if mixed is not None:
                wide = F.interpolate(mixed, own.shape[2:], mode="bilinear")
                own = F.conv2d(own + wide, self.get_buffer(f"across_scales_{number}"), padding=1)
            mixed = own  # N×width×H/s×W/s
            said.append(self.heads[number](mixed).flatten(1))
        return torch.cat(said, dim=1).float()


def _head(side: int, width: int) -> nn.Sequential:
    """Return what judges N×width×side×side features: halved to 4 px at most, then N×1×1×1."""
    layers: list[nn.Module] = []
    while side > _ENDS:
        layers += [_spectral(nn.Conv2d(width, width, 4, stride=2, padding=1)), nn.LeakyReLU(_LEAK, inplace=True)]
        side //= 2
    layers += [
        _Differences(),
        _spectral(nn.Conv2d(width + 1, width, 3, padding=1)),
        nn.LeakyReLU(_LEAK, inplace=True),
        _spectral(nn.Conv2d(width, 1, side)),
    ]
    return nn.Sequential(*layers)


class _Differences(nn.Module):
    """Adds a map of how much a few pictures differ there: the mean over channels of their standard deviation."""

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×(C + 1)×H×W."""
        count = len(x)
        some = next(number for number in (_TOGETHER, 3, 2, 1) if count % number == 0)
        groups = x.float().view(some, count // some, *x.shape[1:])
        differ = (groups.var(0, correction=0) + 1e-6).sqrt().mean(dim=1, keepdim=True)  # N/some×1×H×W
        return torch.cat([x, differ.repeat(some, 1, 1, 1).to(x.dtype)], dim=1)


def _spectral(convolution: nn.Conv2d) -> nn.Module:
    nn.init.kaiming_normal_(convolution.weight, _LEAK)
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
    return parametrizations.spectral_norm(convolution)


def _random_kernel(width: int, channels: int, side: int) -> Tensor:
    """A convolution that keeps the standard deviation, drawn once."""
    return torch.randn(width, channels, side, side) / math.sqrt(channels * side * side)
