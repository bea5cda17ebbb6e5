"""Networks as they are used: the same function as the one that learnt, in fewer steps over the memory.

A block of few channels waits for the memory, not for its multiplications. So whatever is linear goes into the next
convolution's weights, halves that are multiplied with one another are made apart (a split of channels is slow to read),
and sums are made in place. What comes out differs by rounding alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.enhancer import ChannelNorm, GatedBlock
from models.enlarger import AttentionBlock

__all__ = ["lean"]


def lean(network: nn.Module) -> nn.Module:
    """Replace the blocks of a network that is done learning, in place."""
    for name, child in network.named_children():
        if isinstance(child, GatedBlock):
            setattr(network, name, LeanGatedBlock(child))
        elif isinstance(child, AttentionBlock):
            setattr(network, name, LeanAttentionBlock(child))
        else:
            lean(child)
    return network


class LeanGatedBlock(nn.Module):
    """`GatedBlock`."""

    def __init__(self, block: GatedBlock) -> None:
        super().__init__()
        self.norm = LeanNorm(block.norm_space.weight.numel())
        self.widen = _halves(_behind_norm(block.widen, block.norm_space))
        self.space = _halves(block.space)
        self.narrow = _scaled(block.narrow, block.space_scale)
        self.mix = _halves(_behind_norm(block.mix, block.norm_channels))
        self.join = _scaled(block.join, block.channel_scale)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        y = self.norm(x)
        y = self.space[0](self.widen[0](y)).mul_(self.space[1](self.widen[1](y)))
        x = self.narrow(y).add_(x)
        y = self.norm(x)
        made: Tensor = self.join(self.mix[0](y).mul_(self.mix[1](y))).add_(x)
        return made


class LeanNorm(nn.Module):
    """Layer norm over the channels of each pixel, without the weights, which lie in the next convolution.

    The mean is taken off by a product with 1 − 1/C, whose numbers half precision holds exactly where C ≤ 256 is a power
    of two; what is left, its length over √C is the standard deviation.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.centre = nn.Conv2d(width, width, kernel_size=1, bias=False)
        self.centre.weight.data = (torch.eye(width) - 1.0 / width).view(width, width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        centred = self.centre(x)
        count, width, height, across = centred.shape
        rows = centred.permute(0, 2, 3, 1).reshape(-1, width)  # channels last, nothing is moved
        lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True).float()
        rows.mul_(lengths.square_().div_(width).add_(1e-6).rsqrt_().to(rows.dtype))
        made: Tensor = rows.view(count, height, across, width).permute(0, 3, 1, 2)
        return made


class LeanAttentionBlock(nn.Module):
    """`AttentionBlock`, collapsed."""

    def __init__(self, block: AttentionBlock) -> None:
        super().__init__()
        self.first, self.second, self.third = block.first, block.second, block.third

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W → the same, and the first convolution's map."""
        first = self.first(x)
        h = self.third(F.silu(self.second(F.silu(first)), inplace=True))
        attention = torch.sigmoid(h).sub_(0.5)
        return torch.addcmul(x, h.add_(x), attention), first


@torch.no_grad()
def _behind_norm(layer: nn.Conv2d, norm: ChannelNorm) -> nn.Conv2d:
    """Return the 1×1 convolution that does what a norm's weights and this one do."""
    assert layer.bias is not None
    bias = layer.bias + layer.weight[:, :, 0, 0] @ norm.bias
    return _filled(layer.weight * norm.weight.view(1, -1, 1, 1), bias)


@torch.no_grad()
def _scaled(layer: nn.Conv2d, scale: Tensor) -> nn.Conv2d:
    """Return the 1×1 convolution whose result is `scale` times, C×1×1, that of this one."""
    assert layer.bias is not None
    return _filled(layer.weight * scale.view(-1, 1, 1, 1), layer.bias * scale.view(-1))


@torch.no_grad()
def _halves(layer: nn.Conv2d) -> nn.ModuleList:
    """Return what makes the first half of a convolution's channels, and what makes the second."""
    assert layer.bias is not None
    parts = zip(layer.weight.chunk(2), layer.bias.chunk(2), strict=True)
    return nn.ModuleList(_filled(weight, bias, apart=layer.groups > 1) for weight, bias in parts)


def _filled(weight: Tensor, bias: Tensor, *, apart: bool = False) -> nn.Conv2d:
    """Return a convolution with these weights; `apart`, each channel is convolved by itself."""
    out, within, side = weight.shape[:3]
    groups = out if apart else 1
    layer = nn.Conv2d(within * groups, out, side, padding=side // 2, groups=groups)
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()  # type: ignore[union-attr]
    return layer.requires_grad_(False)
