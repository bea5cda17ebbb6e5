"""Critics: networks that tell restored pictures from photos, and so teach a restorer what photos look like.

`LessonCritic` is that of fast.ai 2019, lesson 7 (`gan_critic`): a few strided convolutions with spectral norm (Miyato
et al. 2018), so that it cannot exaggerate, and one layer of self-attention. `SlimCritic` is the one that the lesson
wished for: it looks through a network that was trained already, and only learns what to make of what that sees (as
Sauer et al. 2021, "Projected GANs", do). That takes minutes where the other takes hours.

Both judge parts of a picture, not the whole: each place is a photo or is not (Isola et al. 2017, "PatchGAN").
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations

from models.backbones import Backbone
from models.normalisation import IMAGENET_MEAN, IMAGENET_STD
from models.unet import SelfAttention

__all__ = [
    "AidedCritic",
    "LessonCritic",
    "PredictionPool",
    "SlimCritic",
    "SlimPatchCritic",
    "Verdicts",
    "accuracy",
    "adaptive_loss",
]

Verdicts: TypeAlias = Sequence[Tensor]
"""What a critic says: logits, N×P each, of P places: above 0 they look like a photo. One for each way of looking."""

LOOKS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
_LEAK = 0.2
_MARGIN = 16
"""A border is so wide: the shorter side through this."""


class LessonCritic(nn.Module):
    """The lesson's critic, layer by layer.

    Args:
        width: of the first layer; the lesson's has 128.
        depth: how often the picture is halved after the dense block.
        dropout: share of the channels that are left out after each; half of it after the first layer.

    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int = 128, depth: int = 3, dropout: float = 0.15) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        layers: list[nn.Module] = [_halving(3, width), nn.Dropout2d(dropout / 2), DenseBlock(width)]
        width *= 2
        for number in range(depth):
            layers += [nn.Dropout2d(dropout), _halving(width, 2 * width)]
            width *= 2
            layers += [SelfAttention(width)] if number == 0 else []
        layers.append(_spectral(nn.Conv2d(width, 1, kernel_size=4, bias=False)))
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Verdicts:
        """N×3×H×W, 0–1, at least 64 pixels a side → one set of N×P logits, each of a part of 102 pixels."""
        logits: Tensor = self.layers((pictures - self.mean) / self.std)  # N×1×H/16−3×W/16−3
        return (logits.flatten(1).float(),)


class DenseBlock(nn.Module):
    """Two convolutions whose result stands beside what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *(layer for _ in range(2) for layer in _activated(nn.Conv2d(width, width, kernel_size=3, padding=1)))
        )

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×2C×H×W."""
        return torch.cat([x, self.convolutions(x)], dim=1)


class SlimCritic(nn.Module):
    """A critic that looks through a trained network, which stays as it is.

    Args:
        backbone: looks; its weights are none of the critic's.
        taps: where it is listened to, from the finest on. Each is judged by itself.
        width: of what is made of each.

    Attributes:
        over: what features are brought to one size over: channels, of each place by itself.

    """

    over: tuple[int, ...] = (1,)

    def __init__(self, backbone: Backbone, taps: Sequence[str] = LOOKS, width: int = 64) -> None:
        super().__init__()
        self._looks = (backbone,)  # in a tuple: nothing of it is saved or learns with the critic
        self.taps = tuple(taps)
        with torch.no_grad():
            seen = backbone(torch.zeros(1, 3, 32, 32, device=next(backbone.parameters()).device), self.taps)
        channels = [seen[tap].shape[1] for tap in self.taps]
        self.heads = nn.ModuleList(
            nn.Sequential(
                *_activated(nn.Conv2d(wide, width, kernel_size=1)),
                *_activated(nn.Conv2d(width, width, kernel_size=3, padding=1)),
                _spectral(nn.Conv2d(width, 1, kernel_size=1)),
            )
            for wide in channels
        )

    def forward(self, pictures: Tensor) -> Verdicts:
        """N×3×H×W, 0–1 → for each tap N×P logits, one of each place that it knows."""
        return tuple(verdicts.flatten(1) for verdicts in self._maps(pictures))

    def _maps(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """N×3×H×W, 0–1 → for each tap N×1×h×w."""
        seen = self._looks[0](pictures, self.taps)
        heads = zip(self.taps, self.heads, strict=True)
        return tuple(head(_in_proportion(seen[tap], self.over)).float() for tap, head in heads)


class SlimPatchCritic(SlimCritic):
    """The same for translators: a map of verdicts for each tap, all as large as the coarsest one's.

    Features are brought to one size for all of a picture, not place by place: else an even sky, where the least trace
    of anything would be made large, is taken for brushwork once there is a lattice of a level or two upon it.
    """

    over = (1, 2, 3)

    def forward(self, pictures: Tensor) -> Tensor:  # type: ignore[override]
        """N×3×H×W, 0–1 → N×T×h×w verdicts, one map for each of T taps, each place the mean of those it covers."""
        maps = self._maps(pictures)
        height, width = min((tuple(verdicts.shape[2:]) for verdicts in maps), key=math.prod)
        return torch.cat([F.adaptive_avg_pool2d(verdicts, (height, width)) for verdicts in maps], dim=1)


class AidedCritic(nn.Module):
    """A critic that learns to see, and beside it one that sees already (Kumari et al. 2022, "Vision-aided GAN").

    The second knows brush strokes from the first step; alone it is fooled by any pattern that its network takes for
    some, such as a lattice as fine as its strides. Of that the first knows better.

    Borders are not judged. There verdicts mean least, as half of what a place is seen by is padding, and there a
    generator knows where it is: whatever critics want a little more of would gather there.

    Args:
        places: judges places of pictures, N×3×H×W → N×1×h×w.
        looks: likewise.

    """

    def __init__(self, places: nn.Module, looks: SlimPatchCritic) -> None:
        super().__init__()
        self.places, self.looks = places, looks

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×H×W, 0–1 → N×2T×h×w verdicts on all but its borders, of which half are either's."""
        pictures = F.pad(pictures, (-(min(pictures.shape[2:]) // _MARGIN),) * 4)
        own: Tensor = self.places(pictures)
        height, width = own.shape[2:]
        seen = F.adaptive_avg_pool2d(self.looks(pictures), (height, width))
        return torch.cat([own.expand(-1, seen.shape[1], -1, -1), seen], dim=1)


def adaptive_loss(verdicts: Verdicts, photo: bool) -> Tensor:
    """Return the mean binary cross-entropy: how far the critic is from finding every place a photo, or none (scalar).

    It adapts to how many places there are, as the lesson's `AdaptiveLoss` does; ways of looking count alike.
    """
    losses = [F.softplus(-logits if photo else logits).mean() for logits in verdicts]
    return torch.stack(losses).mean()


def accuracy(verdicts: Verdicts, photo: bool) -> Tensor:
    """Return of how large a share of the places the critic is right, 0–1 (scalar)."""
    return torch.stack([((logits > 0) == photo).float().mean() for logits in verdicts]).mean()


def _in_proportion(features: Tensor, over: tuple[int, ...]) -> Tensor:
    """Scale features to a mean square of 1 over these dimensions, so that no head has to learn how large they are."""
    return features * torch.rsqrt(features.square().mean(dim=over, keepdim=True) + 1e-4)


def _halving(channels: int, width: int) -> nn.Module:
    return nn.Sequential(*_activated(nn.Conv2d(channels, width, kernel_size=4, stride=2, padding=1)))


def _activated(convolution: nn.Conv2d) -> tuple[nn.Module, nn.Module]:
    return _spectral(convolution), nn.LeakyReLU(_LEAK, inplace=True)


def _spectral(convolution: nn.Conv2d) -> nn.Module:
    nn.init.kaiming_normal_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return parametrizations.spectral_norm(convolution)


class PredictionPool:
    """Earlier results, so that a critic does not only know the newest (Shrivastava et al. 2017, section 2.3).

    They are kept with 8 bits a colour, as they would be saved: a critic shall not tell them by finer levels than photos
    have.

    Args:
        size: how many are kept.

    """

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self.pictures: list[Tensor] = []

    def exchange(self, made: Tensor) -> Tensor:
        """Give the newest, N×3×H×W, 0–1, and get as many: half of them from the pool, by torch's own generator."""
        newest = (made.detach().clamp(0.0, 1.0) * 255.0).round().to("cpu", torch.uint8)
        if self.pictures and self.pictures[0].shape != newest.shape[1:]:
            self.pictures = []
        given: list[Tensor] = []
        for picture in newest:
            if len(self.pictures) < self._size:
                self.pictures.append(picture.clone())
                given.append(picture)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self._size, ()))
                given.append(self.pictures[place])
                self.pictures[place] = picture.clone()
            else:
                given.append(picture)
        return torch.stack(given).to(made.device, torch.float32).div_(255.0)
