"""What generators and critics learn from, each formula as its paper has it.

A critic's words are N×P (`models.gan`): all of them count alike. Penalties are means over pictures of the squared
length of a picture's gradient, so that they do not depend on the batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["LOSSES", "AdversarialLoss", "clamp_weights", "gradient_penalty", "squared_gradient"]

CLAMP, LAMBDA = 0.01, 10.0
"""Of Arjovsky et al. 2017, algorithm 1 (c), and Gulrajani et al. 2017, algorithm 1 (λ)."""


@dataclass(frozen=True, slots=True)
class AdversarialLoss:
    """What either of the two wants.

    Args:
        critic: (real, fake) → the critic's loss (scalar).
        generator: (fake, real) → the generator's loss (scalar).
        pairs: whether the generator's loss depends on what the critic says of real pictures.
        is_distance: whether the critic's loss is the negative of a distance between real and fake.

    """

    critic: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    pairs: bool = False
    is_distance: bool = False


LOSSES: Mapping[str, AdversarialLoss] = {
    # Goodfellow et al. 2014, algorithm 1, with the generator's loss that does not saturate (section 3)
    "vanilla": AdversarialLoss(
        lambda real, fake: (F.softplus(-real) + F.softplus(fake)).mean(), lambda fake, _: F.softplus(-fake).mean()
    ),
    # Arjovsky et al. 2017, eq. 3: Lipschitz by clamping, or by a gradient penalty
    "wasserstein": AdversarialLoss(
        lambda real, fake: fake.mean() - real.mean(), lambda fake, _: -fake.mean(), is_distance=True
    ),
    # Lim & Ye 2017, eq. 9
    "hinge": AdversarialLoss(
        lambda real, fake: (F.relu(1.0 - real) + F.relu(1.0 + fake)).mean(), lambda fake, _: -fake.mean()
    ),
    # Jolicoeur-Martineau 2019, eq. 8; Huang et al. 2024, eq. 2: each real picture beside one that is not
    "relativistic": AdversarialLoss(
        lambda real, fake: F.softplus(fake - real).mean(), lambda fake, real: F.softplus(real - fake).mean(),
        pairs=True,
    ),
}  # fmt: skip


@torch.no_grad()
def clamp_weights(critic: nn.Module, bound: float = CLAMP) -> None:
    """Keep every weight within ±`bound`: after each of the critic's steps (Arjovsky et al. 2017, algorithm 1)."""
    torch._foreach_clamp_min_(list(critic.parameters()), -bound)
    torch._foreach_clamp_max_(list(critic.parameters()), bound)


def squared_gradient(said: Tensor, pictures: Tensor) -> Tensor:
    """Return E‖∇D(x)‖², to be learnt from (scalar): of real pictures R1 ÷ (γ/2), of others R2 ÷ (γ/2).

    (Mescheder et al. 2018, eq. 9 and 10.)

    Args:
        said: N×P, what the critic made of them; that of one picture must not depend on the others.
        pictures: N×…, which require gradients.

    """
    return _gradients(said, pictures).square().sum(dim=1).mean()


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Return E(‖∇D(x̂)‖ − 1)², to be learnt from (scalar); Gulrajani et al. 2017, eq. 3, without λ.

    Args:
        critic: D.
        real: N×….
        fake: N×….
        share: N, 0–1, how far x̂ = ε·real + (1 − ε)·fake lies towards the real picture.

    """
    share = share.view(-1, *[1] * (real.ndim - 1))
    between = torch.lerp(fake.detach(), real, share).requires_grad_()
    lengths = _gradients(critic(between), between).norm(dim=1)
    penalty: Tensor = (lengths - 1.0).square().mean()
    return penalty


def _gradients(said: Tensor, pictures: Tensor) -> Tensor:
    """Return each picture's gradient, N×D, through which one can go backward again."""
    # ways of looking are averaged, as the losses average them
    (gradients,) = torch.autograd.grad(said.mean(dim=1).sum(), pictures, create_graph=True)
    return gradients.flatten(1).float()
