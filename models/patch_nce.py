"""CUT: one-way translation that is held to its picture place by place (Park et al. 2020, "Contrastive Learning …").

No way back is learnt. Instead the first half G_enc of the generator itself looks at the picture and at what was painted
of it: a place of the painting, the *query* v, shall be found again among the picture's own places: the one it lies at,
v⁺, rather than the N others, v⁻ (equation 1):

    ℓ(v, v⁺, v⁻) = −log[ exp(v·v⁺/τ) / (exp(v·v⁺/τ) + Σₙ exp(v·vₙ⁻/τ)) ],   τ = .07

summed over layers l and places s, each seen through a small network H_l of two layers onto the unit sphere (eq. 3–5):

    L_PatchNCE(G, H, X) = E_x Σ_l Σ_s ℓ(ẑ_l^s, z_l^s, z_l^{S∖s})

    L = L_GAN(G, D, X, Y) + λ_X·L_PatchNCE(G, H, X) + λ_Y·L_PatchNCE(G, H, Y)    (equation 6)

CUT has λ_X = λ_Y = 1, where Y's pictures shall stay as they are; FastCUT λ_X = 10, λ_Y = 0, and half of its pictures
are mirrored before they are painted, and what is seen of them back again (flip equivariance, appendix C.1).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["PatchHeads", "info_nce", "patch_nce"]

PATCHES, TEMPERATURE, WIDTH = 256, 0.07, 256


class PatchHeads(nn.Module):
    """H: for each layer that is looked at two layers onto the unit sphere.

    Args:
        channels: of each of the layers.
        width: of what comes out.

    """

    def __init__(self, channels: Sequence[int], width: int = WIDTH) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(wide, width), nn.ReLU(), nn.Linear(width, width)) for wide in channels
        )

    def forward(self, features: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Return for each layer, N×C×H×W, what is seen at its places, S numbers below H·W: N×S×width of length 1."""
        return [
            F.normalize(head(seen.flatten(2)[:, :, at].transpose(1, 2)), dim=2)  # N×C×HW → N×C×S → N×S×C → N×S×width
            for head, seen, at in zip(self.heads, features, places, strict=True)
        ]


def drawn_places(features: Sequence[Tensor], patches: int = PATCHES) -> list[Tensor]:
    """Draw for each layer, N×C×H×W, up to so many different places, by torch's generator."""
    return [torch.randperm(seen[0, 0].numel(), device=seen.device)[:patches] for seen in features]


def info_nce(queries: Tensor, keys: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Return ℓ of each of N×S×C queries, N×S: its own key is the one at its place, the others are those beside it."""
    logits = queries @ keys.transpose(1, 2) / temperature  # N×S×S: v·v⁺/τ on the diagonal
    own = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
    return F.cross_entropy(logits.transpose(1, 2), own, reduction="none")  # classes come second


def patch_nce(
    heads: PatchHeads, painted: Sequence[Tensor], pictured: Sequence[Tensor], patches: int = PATCHES
) -> Tensor:
    """Return L_PatchNCE, as a mean over pictures, places and layers (scalar).

    Args:
        heads: H; they learn from what is painted alone: keys are given, as in the authors' own implementation.
        painted: what G_enc sees of the painting, by layer, N×C×H×W.
        pictured: what it sees of the picture, without gradients.
        patches: so many places of each layer.

    """
    places = drawn_places(pictured, patches)
    with torch.no_grad():
        keys = heads(pictured, places)
    queries = heads(painted, places)
    return torch.stack([info_nce(query, key).mean() for query, key in zip(queries, keys, strict=True)]).mean()
