"""Fast style: feed-forward style transfer, one painting's manner in a single pass (Johnson, Alahi & Fei-Fei 2016).

It is trained once for a painting and then needs no optimisation any more. Encoder, residual blocks and decoder are
those of their supplementary material, with three things learnt since: instance norm in place of batch norm (Ulyanov et
al. 2016); growing by nearest neighbours and a convolution instead of a strided one, which leaves no checkerboard (Odena
et al. 2016); and reflected borders throughout.

Instance norm takes a picture's own mean away: a white page and a black one look the same from the second layer on. Nor
do repetition and convolution end all combs: what is sharp at a quarter of the size comes out in stairs of four pixels.
A network that *keeps its ground* therefore lets the last layer see the photo itself, beside what the others made of it,
paints nothing where that is plain (`models.plain_ground`), and halves and doubles maps only after a soft filter (Zhang
2019), whose zeros lie at the periods of those stairs. Version 0.1 had none of it, and its networks go on as they were.

The artist's *strength* s goes in with the photo. It conditions every instance norm, γ = γ₀ + s·γ₁ and β = β₀ + s·β₁, as
the loss weights do in Babaeizadeh & Ghiasi 2018 (section 3), and it opens the way out:

    picture = photo + s · (painted - photo)

so that 0 is the photo to the last bit, 1 is what the network paints, and what lies between is trained to be a painting
of that strength too, where a plain cross-fade would show the photo through the strokes.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.few_maps import FewMapsConv2d
from models.instance_norm import instance_norm
from models.plain_ground import PlainGround

__all__ = ["FastStyleNetwork", "Layer", "Residual", "StrengthNorm", "mirrored", "padded", "softened"]

BASE_CHANNELS = (32, 64, 128)
"""Channels at the whole, half and quarter size at width 1 (Johnson et al. 2016, supplementary table 1)."""

DOWNSCALE = 4
"""The sides of a picture are mirrored up to a multiple of this, and the surplus is cut off again."""

SMALLEST = 16
"""A side shorter than this has too little to mirror at a quarter of its size, and is repeated up to it."""

PHOTO_CHANNELS = 3
"""The last layer of a network that keeps its ground reads so many more."""

_NORM_FLOOR = {False: 1e-5, True: 1e-2}
"""Least variance that a norm divides by, by whether the network keeps its ground: the noise of white paper stays small,
and so do gradients from it."""

_QUIET = 0.2
"""How loud a residual block begins: the first pictures come straight from the encoder, and gradients reach it."""


class StrengthNorm(nn.Module):
    """Instance norm whose scale and shift are linear in the strength: y = (γ₀ + s·γ₁)·(x - μ)/σ + β₀ + s·β₁."""

    def __init__(self, channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.scale_by_strength = nn.Parameter(torch.zeros(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.shift_by_strength = nn.Parameter(torch.zeros(channels))
        self.epsilon = epsilon

    def affine(self, strength: Tensor) -> tuple[Tensor, Tensor]:
        """Return scale and shift, each N×C×1×1, for N strengths."""
        s = strength.view(-1, 1, 1, 1)  # N → N×1×1×1
        scale = self.scale.view(1, -1, 1, 1) + s * self.scale_by_strength.view(1, -1, 1, 1)  # γ: N×C×1×1
        shift = self.shift.view(1, -1, 1, 1) + s * self.shift_by_strength.view(1, -1, 1, 1)  # β: N×C×1×1
        return scale, shift

    def forward(self, x: Tensor, strength: Tensor) -> Tensor:
        """N×C×H×W and N strengths → N×C×H×W."""
        scale, shift = self.affine(strength)
        return torch.addcmul(shift, instance_norm(x, eps=self.epsilon), scale)


class Layer(nn.Module):
    """Grow (upsample) if asked, mirror the border (reflection padding), convolve, normalise, rectify (ReLU).

    A `soft` layer filters what it halves or doubles: before it is halved, and both before and after it is doubled.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        kernel: int,
        *,
        stride: int = 1,
        grow: int = 1,
        norm: bool = True,
        rectify: bool = True,
        soft: bool = False,
    ) -> None:
        super().__init__()
        self.grow = grow
        self.soft = soft and (grow > 1 or stride > 1)
        self.stride = stride
        self.border = kernel // 2
        self.rectify = rectify
        convolution = FewMapsConv2d if width == PHOTO_CHANNELS else nn.Conv2d
        self.conv = convolution(channels, width, kernel, stride=stride, bias=not norm)
        self.norm = StrengthNorm(width, _NORM_FLOOR[soft]) if norm else None

    def forward(self, x: Tensor, strength: Tensor) -> Tensor:
        """N×channels×H×W and N strengths → N×width×(H·grow/stride)×(W·grow/stride)."""
        if self.grow > 1:
            if self.soft:
                x = softened(F.pad(x, [1] * 4, mode="reflect"))
            x = F.interpolate(x, scale_factor=self.grow, mode="nearest")  # H×W → 2H×2W
        x = F.pad(x, [self.border + self.soft] * 4, mode="reflect")
        if self.soft:
            x = softened(x)  # of nearest neighbours it makes linear interpolation
        x = self.conv(x)  # N×channels×H×W → N×width×H/stride×W/stride
        if self.norm is not None:
            x = self.norm(x, strength)
        return torch.relu(x) if self.rectify else x


class Residual(nn.Module):
    """x + two layers of x, the second not rectified (Johnson et al. 2016, supplementary figure 1)."""

    def __init__(self, width: int, *, soft: bool = False) -> None:
        super().__init__()
        self.first = Layer(width, width, 3, soft=soft)
        self.second = Layer(width, width, 3, rectify=False, soft=soft)

    def forward(self, x: Tensor, strength: Tensor) -> Tensor:
        """N×width×H×W and N strengths → N×width×H×W."""
        out: Tensor = x + self.second(self.first(x, strength), strength)
        return out


class FastStyleNetwork(nn.Module):
    """Photo and strength in, painting out.

    Args:
        width: share of the paper's channels; .5 is a quarter of the work and of the weights.
        blocks: residual blocks at a quarter of the picture's side.
        keeps_ground: plain ground stays plain and white as white as the painting has it, and nothing is halved or
            doubled unfiltered.

    Attributes:
        ground: what is laid where the photo is plain; None where it does not keep its ground.


    """

    def __init__(self, width: float = 0.5, blocks: int = 5, *, keeps_ground: bool = False) -> None:
        super().__init__()
        fine, middle, coarse = (max(4, round(width * channels)) for channels in BASE_CHANNELS)
        self.width = width
        self.keeps_ground = soft = keeps_ground
        self.ground = PlainGround() if keeps_ground else None
        seen = PHOTO_CHANNELS if keeps_ground else 0
        self.encoder = nn.ModuleList(
            [
                Layer(3, fine, 9, soft=soft),  # 3×H×W → fine×H×W
                Layer(fine, middle, 3, stride=2, soft=soft),  # → middle×H/2×W/2
                Layer(middle, coarse, 3, stride=2, soft=soft),  # → coarse×H/4×W/4
            ]
        )
        self.body = nn.ModuleList([Residual(coarse, soft=soft) for _ in range(blocks)])
        self.decoder = nn.ModuleList(
            [
                Layer(coarse, middle, 3, grow=2, soft=soft),  # → middle×H/2×W/2
                Layer(middle, fine, 3, grow=2, soft=soft),  # → fine×H×W
                Layer(fine + seen, 3, 9, norm=False, rectify=False),  # (and the photo) → 3×H×W, a picture's logits
            ]
        )

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        """Every layer and residual block, in order."""
        return (*self.encoder, *self.body, *self.decoder)

    def forward(self, photo: Tensor, strength: Tensor) -> Tensor:
        """Paint.

        Args:
            photo: N×3×H×W, sRGB, 0–1, of any size.
            strength: N numbers, from 0 (the photo) to 1 (the painting's manner in full).

        Returns:
            N×3×H×W, 0–1.

        """
        height, width = photo.shape[2:]
        whole = padded(photo)  # N×3×H×W → N×3×4⌈H/4⌉×4⌈W/4⌉
        x = whole
        for stage in self.stages:
            if stage is self.decoder[-1] and self.keeps_ground:
                x = torch.cat([x, whole.to(x.dtype)], dim=1)
            x = stage(x, strength)
        painted = torch.sigmoid(x.to(photo.dtype))  # which in half precision would come in steps that can be seen
        if self.ground is not None:
            painted = self.ground(painted, mirrored(whole, self.ground.border))
        # the picture is laid over the photo by its strength (linear interpolation)
        return torch.lerp(whole, painted, strength.view(-1, 1, 1, 1).to(whole))[:, :, :height, :width]

    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights as He et al. 2015 (eq. 10) do, with quiet residual blocks.

        It begins with an even grey; where it keeps its ground, with the photo's masses, each pixel the mean of its
        surroundings: they have its tones, but nothing of its textures, which it would have to learn to take away.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                nn.init.normal_(module.weight, 0.0, (2.0 / fan_in) ** 0.5, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, Residual) and module.second.norm is not None:
                nn.init.constant_(module.second.norm.scale, _QUIET)
        with torch.no_grad():
            for weight in self.decoder[-1].parameters():
                weight.mul_(0.1 / 2**0.5)
            if self.keeps_ground:
                last = self.decoder[-1].get_submodule("conv")
                assert isinstance(last, nn.Conv2d)
                assert last.bias is not None
                last.weight[:, -PHOTO_CHANNELS:] = 0.0
                for channel in range(PHOTO_CHANNELS):  # logit(v) ≈ 4·(v - ½)
                    last.weight[channel, channel - PHOTO_CHANNELS] = 4.0 / last.weight[0, 0].numel()
                last.bias.fill_(-2.0)


def softened(x: Tensor) -> Tensor:
    """Filter with the binomial (1 2 1)/4 in both directions: N×C×H×W → N×C×(H-2)×(W-2)."""
    binomial = x.new_tensor([1.0, 2.0, 1.0]) / 4
    kernel = binomial.view(3, 1) * binomial  # exact in half precision too
    return F.conv2d(x, kernel.expand(x.shape[1], 1, 3, 3), groups=x.shape[1])  # a quarter of the time of sums


def mirrored(photo: Tensor, border: int, above: int | None = None, below: int | None = None) -> Tensor:
    """Mirror so many pixels at each border; at the upper and the lower one others, where they are named."""
    down = (border if above is None else above, border if below is None else below)
    return F.pad(photo, (border, border, *down), mode="reflect")


def padded(photo: Tensor, multiple: int = DOWNSCALE) -> Tensor:
    """Mirror the right and lower border until both sides are multiples; tiny pictures are repeated first."""
    down, across = (max(0, SMALLEST - side) for side in photo.shape[2:])
    if down or across:
        photo = F.pad(photo, (0, across, 0, down), mode="replicate")
    down, across = (-side % multiple for side in photo.shape[2:])
    return F.pad(photo, (0, across, 0, down), mode="reflect") if down or across else photo
