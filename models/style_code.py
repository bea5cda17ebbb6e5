"""Many answers from one picture: a generator that hears a code, and what makes it listen (after Zhu et al. 2017b).

A picture of A may have many translations; a code z ~ N(0, I) of few numbers says which. The generator hears it by FiLM
(Perez et al. 2018): behind each norm but the encoder's a channel x_c becomes (1 + γ_c(z))·x_c + β_c(z), with γ and β
affine. So that it is not passed over, an encoder E looks at what was painted and has to tell the code:

    L_latent(G, E) = E_{a,z}[‖E(G(a, z)) − z‖₁]                               (BicycleGAN, section 3.3: cLR-GAN)

Where there are pairs, the code is read off the truth as well, as a distribution N(μ, σ²) that stays near N(0, I), and
pixels are compared for that code alone; so other codes are free to answer otherwise (section 3.2: cVAE-GAN):

    L = L_GAN(G(a, z)) + L_GAN(G(a, z_b)) + λ·‖G(a, z_b) − b‖₁ + λ_latent·L_latent + λ_KL·KL(N(μ, σ²) ‖ N(0, I))

with z_b ~ E(b), λ_latent = ½ and λ_KL = .01; there the encoder does not learn from L_latent, or both might agree on a
secret.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.cyclegan import Layer, Translator

__all__ = ["KL_WEIGHT", "StyleEncoder", "code_of", "divergence", "drawn", "hears", "latent_loss"]

KL_WEIGHT = 0.01
_HALVINGS = 4


def hears(network: Translator, size: int) -> Translator:
    """Let an untrained generator hear codes of so many numbers; without a code it hears zeros, their mean."""
    network.code_size = size
    unheard = set(network.get_submodule("encoder").modules())
    for layer in network.modules():
        if isinstance(layer, Layer) and layer.norm is not None and layer not in unheard:
            layer.film = nn.Linear(size, 2 * layer.channels)
    return network


class StyleEncoder(nn.Module):
    """E: what code a picture was painted by.

    Args:
        size: numbers of a code.
        width: channels of the first layer.

    """

    def __init__(self, size: int, width: int = 32) -> None:
        super().__init__()
        wide = [3, *(width * min(2**level, 4) for level in range(_HALVINGS))]
        layers: list[nn.Module] = []
        for fewer, more in pairwise(wide):
            layers += [nn.Conv2d(fewer, more, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.mean, self.log_variance = nn.Linear(wide[-1], size), nn.Linear(wide[-1], size)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """N×3×H×W, 0–1 → μ and log σ², N×size each."""
        seen = self.layers(pictures * 2 - 1)
        return self.mean(seen), self.log_variance(seen)


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Draw μ + σ·ε, N×size (Kingma & Welling 2014), by torch's generator."""
    return mean + (log_variance / 2).exp() * torch.randn_like(mean)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(μ, σ²) ‖ N(0, I)) = ½ Σ(μ² + σ² − log σ² − 1), a mean over pictures (scalar)."""
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(1).mean() / 2


def latent_loss(encoder: nn.Module, painted: Tensor, code: Tensor, *, teaches: bool) -> Tensor:
    """Return ‖E(painted) − code‖₁, a mean over numbers and pictures (scalar).

    Args:
        encoder: E.
        painted: N×3×H×W, 0–1.
        code: N×size, by which it was painted.
        teaches: whether the encoder learns from it, too.

    """
    weights = {name: value if teaches else value.detach() for name, value in encoder.named_parameters()}
    mean, _ = torch.func.functional_call(encoder, weights, (painted,))
    loss: Tensor = (mean - code).abs().mean()
    return loss


def code_of(seed: int, size: int) -> Tensor:
    """Return the code that a number stands for, 1×size: the mean of all for 0, else drawn by that seed."""
    if not seed:
        return torch.zeros(1, size)
    return torch.randn(1, size, generator=torch.Generator().manual_seed(seed))
