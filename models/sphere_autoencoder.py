"""Learning to make pictures by giving pictures back: what a generator's first half hour is best spent on.

A critic has to teach a generator everything from "these are no pictures at all" on, and never says what it has left
out. An autoencoder's decoder is told what every single picture looks like, so all of them are in it from the start
(VAE/GAN, Larsen et al. 2016). So that pictures come out of codes that nobody has encoded, codes lie on a sphere, as a
generator's z does (Xu & Durrett 2018), are mixed with noise of any strength up to nothing but noise, and push each
other apart until they cover all of the sphere (Wang & Isola 2020).

With the code e of a picture x and noise n, both on the sphere of radius √d, and an angle θ drawn from 0…π/2:

    z      = cos θ · e + sin θ · n                                     on the sphere, too: e and n are at right angles
                                                                       nearly, in many dimensions
    L_back = E[cos² θ · (4 ‖x − G(z)‖₁ + Σ ‖φ(x) − φ(G(z))‖₁ ÷ σ_φ)]    what was nearly all noise owes nothing
    L_even = log E[exp(−4 ‖e − e′‖²)]                                  over pairs, on the unit sphere
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone
from models.gan import Generator
from models.style_encoder import StyleEncoder

__all__ = ["Autoencoder", "GivingBack", "evenness", "mixed_with_noise"]

_PIXELS, _NARROW = 4.0, 4.0
"""Weight of the pixels beside features; and how narrowly codes look at each other."""


class Autoencoder(nn.Module):
    """A generator, and the encoder that learns with it which z a picture would be.

    Args:
        generator: z → pictures, −1…1.
        width: of the encoder's first layer, as `StyleEncoder` has it.

    """

    def __init__(self, generator: Generator, width: int = 32) -> None:
        super().__init__()
        self.generator = generator
        self.encoder = StyleEncoder(generator.size, generator.latent, width)

    def encode(self, pictures: Tensor) -> Tensor:
        """N×3×S×S, −1…1 → N×latent, on the sphere of radius √latent."""
        return on_sphere(self.encoder((pictures + 1.0) / 2.0))


def on_sphere(numbers: Tensor) -> Tensor:
    """N×d → N×d, each of the length √d: of which nearly all normal numbers are."""
    return F.normalize(numbers.float(), dim=1) * math.sqrt(numbers.shape[1])


def mixed_with_noise(codes: Tensor, noise: Tensor, angles: Tensor) -> Tensor:
    """Return z of codes and noise, N×d each, both on the sphere; angles are N, 0 (the code) to π/2 (the noise)."""
    angles = angles[:, None]
    return on_sphere(codes * angles.cos() + noise * angles.sin())


def evenness(codes: Tensor) -> Tensor:
    """Return how unevenly N×d codes lie on their sphere: log E[exp(−4‖e − e′‖²)] over pairs, at most 0 (scalar).

    (Wang & Isola 2020, section 4.1, eq. 3, "uniformity".) Of parts of a batch, each is told by itself.
    """
    count = len(codes)
    if count < 2:
        return codes.new_zeros(())
    unit = F.normalize(codes.float(), dim=1)
    with torch.autocast(codes.device.type, enabled=False):
        distances = 2.0 - 2.0 * unit @ unit.T  # N×N: ‖e − e′‖² on the unit sphere
    one, other = torch.triu_indices(count, count, offset=1, device=codes.device)
    return torch.logsumexp(-_NARROW * distances[one, other], dim=0) - math.log(count * (count - 1) / 2)


class GivingBack:
    """Tells how far pictures are from those that they should be: pixels, and what a trained network sees in both.

    Args:
        backbone: looks; frozen, on the pictures' device.
        pictures: some real ones, N×3×S×S, −1…1, which tell how much each tap's features vary.

    """

    def __init__(self, backbone: Backbone, pictures: Tensor) -> None:
        self._backbone = backbone
        self._taps = backbone.scales_within(*pictures.shape[2:])
        with torch.no_grad():
            seen = backbone((pictures + 1.0) / 2.0, self._taps)
        self._weights = {tap: 1.0 / max(float(seen[tap].std()), 1e-6) for tap in self._taps}

    def __call__(self, made: Tensor, wanted: Tensor, counts: Tensor) -> dict[str, Tensor]:
        """Both N×3×S×S, −1…1; each picture counts so much, N → "pixels" and "features", scalars to be added."""
        made, wanted = (made.float() + 1.0) / 2.0, (wanted + 1.0) / 2.0
        counts = counts.view(-1, 1, 1, 1)
        with torch.no_grad():
            right = self._backbone(wanted, self._taps)
        seen = self._backbone(made, self._taps)
        features = [self._weights[tap] * (counts * (seen[tap] - right[tap]).abs()).mean() for tap in self._taps]
        return {
            "pixels": _PIXELS * (counts * (made - wanted).abs()).mean(), "features": torch.stack(features).sum(),
        }  # fmt: skip
