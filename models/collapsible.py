"""A 3×3 convolution that is wider while it learns than when it is used, at the same cost.

Behind the plain kernel a branch of three linear maps (1×1 to twice the channels, 3×3, 1×1 back) has one kernel of the
same size: their product. So the branch costs a multiplication of kernels a step, never one of pictures, and it can be
folded away without a trace. Adam learns the product faster than the kernel alone (Ding et al. 2021, "RepVGG"; Wan et
al. 2024, "SPAN", section 3.3, whose convolutions are of this kind).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrize

__all__ = ["CollapsibleConvolution", "collapse"]

_WIDER = 2


class CollapsibleConvolution(nn.Conv2d):
    """3×3, over a picture with a border of zeros.

    Args:
        channels: that come in.
        width: channels that go out.

    """

    bias: nn.Parameter

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, kernel_size=3, padding=1)
        between, beyond = _WIDER * channels, _WIDER * width
        self.expand = nn.Parameter(torch.empty(between, channels))
        self.middle = nn.Parameter(torch.empty(beyond, between, 3, 3))
        self.reduce = nn.Parameter(torch.empty(width, beyond))
        self.initialise()

    @torch.no_grad()
    def initialise(self, generator: torch.Generator | None = None) -> None:
        """Draw the kernel (He et al. 2015, for what is not rectified on average), and a branch of half its strength."""
        for weight in (self.weight, self.expand, self.middle, self.reduce):
            weight.normal_(0.0, weight[0].numel() ** -0.5, generator=generator)
        self.reduce.mul_(0.5)
        self.bias.zero_()

    def kernel(self) -> Tensor:
        """Return the kernel that it is, C_out×C_in×3×3: the plain one and the branch's product."""
        with torch.autocast(self.weight.device.type, enabled=False):  # half precision would round the product thrice
            within = torch.einsum("bamn,ai->bimn", self.middle, self.expand)
            return self.weight + torch.einsum("ob,bimn->oimn", self.reduce, within)

    def forward(self, x: Tensor) -> Tensor:
        """N×C_in×H×W → N×C_out×H×W."""
        return F.conv2d(x, self.kernel(), self.bias, padding=1)

    @torch.no_grad()
    def collapsed(self) -> nn.Conv2d:
        """Return the plain convolution that computes the same."""
        plain = nn.Conv2d(self.in_channels, self.out_channels, kernel_size=3, padding=1, device=self.weight.device)
        plain.weight.copy_(self.kernel())
        plain.bias.copy_(self.bias)  # type: ignore[union-attr]
        return plain

    @torch.no_grad()
    def unfold(self, plain: nn.Conv2d) -> None:
        """Begin where a collapsed one ended: with its kernel, and a branch that adds nothing yet.

        That one may have had fewer channels coming in; the further ones have no say at first.
        """
        self.weight.zero_()[:, : plain.in_channels] = plain.weight
        self.bias.copy_(plain.bias)  # type: ignore[arg-type]
        self.reduce.zero_()


def collapse(network: nn.Module) -> nn.Module:
    """Replace what only learning needs by what computes the same, in place: a network as it is used.

    That are collapsible convolutions, and those with weight or spectral norm.
    """
    for name, child in network.named_children():
        if isinstance(child, CollapsibleConvolution):
            setattr(network, name, child.collapsed())
        elif parametrize.is_parametrized(child):
            setattr(network, name, _without_norm(child))
        else:
            collapse(child)
    return network


@torch.no_grad()
def _without_norm(layer: nn.Module) -> nn.Module:
    """Return the layer with the weights that its parametrisation comes to.

    Built anew: of a copied network parametrisations cannot be removed without breaking the one that it was copied from.
    """
    assert isinstance(layer, nn.Conv1d | nn.Conv2d)
    kind = nn.Conv1d if isinstance(layer, nn.Conv1d) else nn.Conv2d
    plain = kind(
        layer.in_channels, layer.out_channels, layer.kernel_size, padding=layer.padding,  # type: ignore[arg-type]
        bias=layer.bias is not None, device=layer.weight.device,
    )  # fmt: skip
    plain.weight.copy_(layer.weight)
    if layer.bias is not None:
        plain.bias.copy_(layer.bias)  # type: ignore[union-attr]
    return plain
