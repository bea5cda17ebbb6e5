"""Guesses which w a picture was made of: where looking for a picture begins (Zhu et al. 2016, section 3.1).

What it learns from costs nothing: the generator makes as many pairs of w and picture as are asked for. Real pictures
are none of these; so they are shown a little brighter, paler or noisier than they were made, and what is guessed is
only a beginning.
"""

import math
from collections.abc import Generator as Steps
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.gan import FIRST, Generator
from models.latent import pictures_of, sampled_styles

__all__ = ["LEARNS", "StyleEncoder", "learning_encoder"]

LEARNS = 1000
"""Steps: a few minutes on a processor."""
_BATCH, _FRESH, _RATE, _WARM_UP = 32, 8, 2e-3, 50
"""So many pairs are learnt from in a step, and so many of them are new: to make pictures takes longer than to learn."""
_REMEMBERED = 256 * 2**20
"""Bytes of pictures to draw the others from."""
_WIDTH, _WIDEST = 32, 256
_BRIGHTER, _PALER, _NOISE = 0.1, 0.2, 0.03
"""How far the pictures that it is shown differ at most from those that were made."""


class StyleEncoder(nn.Module):
    """Pictures → w: halved down to 4 px, then one linear layer over all that is left.

    Args:
        size: side of the pictures, px.
        style: numbers of w.
        width: channels of the first layer; twice as many with every halving, up to 256.

    """

    typical: Tensor
    deviation: Tensor

    def __init__(self, size: int, style: int, width: int = _WIDTH) -> None:
        super().__init__()
        self.size, self.width = size, width
        layers: list[nn.Module] = []
        channels = 3
        for _ in range(int(math.log2(size // FIRST))):
            wider = min(_WIDEST, width if channels == 3 else 2 * channels)
            layers += [nn.Conv2d(channels, wider, 4, stride=2, padding=1), nn.GroupNorm(1, wider), nn.LeakyReLU(0.2)]
            channels = wider
        self.layers = nn.Sequential(*layers)
        self.end = nn.Linear(channels * FIRST * FIRST, style)
        self.register_buffer("typical", torch.zeros(style))
        self.register_buffer("deviation", torch.ones(1))

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×S×S, 0–1 → N×style."""
        seen = self.layers(2.0 * pictures - 1.0)  # → N×C×4×4
        guessed: Tensor = self.typical + self.deviation * self.end(seen.flatten(1))
        return guessed

    def to_file(self) -> dict[str, Tensor]:
        """Return the weights as a file holds them: half precision, on the CPU."""
        return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in self.state_dict().items()}

    @classmethod
    def from_file(cls, tensors: Mapping[str, Tensor], size: int, style: int, width: int) -> "StyleEncoder":
        """Return the network that `to_file` wrote, in full precision and eval mode.

        Raises:
            RuntimeError: the weights are another network's.

        """
        encoder = cls(size, style, width)
        encoder.load_state_dict({name: value.float() for name, value in tensors.items()})
        return encoder.requires_grad_(False).eval()


def learning_encoder(
    generator: Generator, steps: int = LEARNS, width: int = _WIDTH
) -> Steps[float, None, StyleEncoder]:
    """Teach an encoder; it becomes the same every time.

    Yields after each step which share of what w varies in its guesses still miss: 1 is that of the mean w.

    Args:
        generator: in eval mode, its weights stay as they are.
        steps: how often it learns.
        width: of the encoder.

    """
    device = next(generator.parameters()).device
    chance = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = StyleEncoder(generator.size, generator.style, width).to(device)
    styles = sampled_styles(generator)
    encoder.typical.copy_(styles.mean(dim=0))
    encoder.deviation.copy_((styles - encoder.typical).square().mean().sqrt())
    known: list[tuple[Tensor, Tensor]] = []
    room = max(_BATCH, _REMEMBERED // (3 * generator.size**2))
    optimiser = torch.optim.Adam(encoder.parameters(), lr=_RATE, betas=(0.9, 0.99))
    for step in range(steps):
        known += _made(generator, _FRESH if known else _BATCH, chance)
        del known[:-room]
        old = torch.randint(len(known), (_BATCH - _FRESH,), generator=chance).tolist()
        w, pictures = (
            torch.stack(parts) for parts in zip(*known[-_FRESH:], *(known[number] for number in old), strict=True)
        )
        seen = _otherwise(pictures.float() / 255.0, chance)
        with torch.enable_grad():
            missed = F.mse_loss(encoder(seen), w) / encoder.deviation.square().squeeze()
            optimiser.zero_grad()
            missed.backward()  # type: ignore[no-untyped-call]
        pace = min(1.0, (step + 1) / _WARM_UP) * (1.0 + math.cos(math.pi * step / steps)) / 2.0
        optimiser.param_groups[0]["lr"] = _RATE * pace
        optimiser.step()
        yield missed.item()
    return encoder.requires_grad_(False).eval()


@torch.no_grad()
def _made(generator: Generator, count: int, chance: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    """Return pairs of w and picture (3×S×S, 0–255)."""
    z = torch.randn(count, generator.latent, generator=chance).to(next(generator.parameters()).device)
    w = generator.map(z)
    pictures = (pictures_of(generator, w) * 255.0).round().to(torch.uint8)
    return list(zip(w, pictures, strict=True))


def _otherwise(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Return pictures, 0–1, a little brighter or darker, paler or richer, and noisier."""

    def drawn(most: float) -> Tensor:
        return (most * (2.0 * torch.rand(len(pictures), 1, 1, 1, generator=chance) - 1.0)).to(pictures)

    grey = pictures.mean(dim=1, keepdim=True)
    noise = torch.randn(pictures.shape, generator=chance).to(pictures) * drawn(_NOISE)
    return (grey + (pictures - grey) * (1.0 + drawn(_PALER)) + drawn(_BRIGHTER) + noise).clamp(0.0, 1.0)
