"""Directions of a generator's latent space along which pictures change in ways that have a name.

Principal components are where its points differ most among themselves (Härkönen et al. 2020, "GANSpace"); of w, or of
what a stage makes. SeFa asks the weights instead: along which directions of w do scales and shifts change most (Shen &
Zhou 2021, "Closed-Form Factorization", eq. 5)? Both are found in moments, and nobody has to mark pictures.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.gan import Generator
from models.latent import sampled_styles

__all__ = [
    "Directions", "as_long_as_usual", "between", "components_of_features", "components_of_styles",
    "factors_of_weights", "moved",
]  # fmt: skip

_PICTURES = 256
"""So many pictures show how a stage's features differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Directions in w.

    Args:
        vectors: K×style, in the order of how much they change, so long that most points lie within ±2 of them.
        shares: K, what each changes as a share of all, 0–1.

    """

    vectors: Tensor
    shares: Tensor

    def __len__(self) -> int:
        return len(self.vectors)


@torch.no_grad()
def components_of_styles(generator: Generator, count: int = 16) -> Directions:
    """Return the principal components of w: at right angles to one another, each a standard deviation long."""
    w = sampled_styles(generator)
    return _components(w - w.mean(dim=0), count)


def _components(centred: Tensor, count: int) -> Directions:
    _, sizes, vectors = torch.linalg.svd(centred.double(), full_matrices=False)
    deviations = sizes / (len(centred) - 1) ** 0.5
    shares = deviations.square() / deviations.square().sum()
    found = _upright(vectors[:count] * deviations[:count, None])
    return Directions(found.to(centred.dtype), shares[:count].to(centred.dtype))


@torch.no_grad()
def components_of_features(generator: Generator, stage: int, count: int = 16) -> Directions:
    """Return directions of w that lead along the principal components of what a stage makes.

    Those of its features come first; the direction of w that goes with each is found by regression (GANSpace, eq. 3).
    """
    w = sampled_styles(generator, _PICTURES)
    heard: list[Tensor] = []

    def listen(number: int, x: Tensor) -> Tensor:
        if number == stage:
            heard.append(x.flatten(1))
        return x

    for part in torch.split(w, 64):
        generator.synthesise(part, listen)
    features = torch.cat(heard)
    features = features - features.mean(dim=0)
    scores, sizes, _ = torch.linalg.svd(features.double(), full_matrices=False)
    shares = sizes.square() / sizes.square().sum()
    along = scores[:, :count] * (len(w) - 1) ** 0.5  # N×K, of deviation 1
    vectors = along.T @ (w - w.mean(dim=0)).double() / (len(w) - 1)  # K×style: what w is on average where a score is 1
    return Directions(_upright(vectors).to(w.dtype), shares[:count].to(w.dtype))


@torch.no_grad()
def factors_of_weights(generator: Generator, count: int = 16) -> Directions:
    """Return SeFa's directions: eigenvectors of AᵀA, where A is all that turns w into scales and shifts.

    Each is as long as points deviate along it. Of the lesson's generator A is the first layer.
    """
    weights = generator.style_weights()
    _, sizes, vectors = torch.linalg.svd(weights.double(), full_matrices=False)
    shares = sizes.square() / sizes.square().sum()
    found = _upright(as_long_as_usual(generator, vectors[:count]))
    return Directions(found.to(weights.dtype), shares[:count].to(weights.dtype))


@torch.no_grad()
def as_long_as_usual(generator: Generator, vectors: Tensor) -> Tensor:
    """Return K×style vectors, each made as long as points deviate along it: most of them lie within ±2 of it."""
    w = sampled_styles(generator).double()
    units = torch.nn.functional.normalize(vectors.double(), dim=1)
    return (units * ((w - w.mean(dim=0)) @ units.T).std(dim=0)[:, None]).to(vectors.dtype)


def between(some: Tensor, others: Tensor) -> Tensor:
    """Return the direction, 1×style, from some marked points to others, N×style and M×style: between their means."""
    return others.mean(dim=0, keepdim=True) - some.mean(dim=0, keepdim=True)


def moved(w: Tensor, directions: Tensor, amounts: Tensor, stages: tuple[int, int] | None = None) -> Tensor:
    """Return w, N×styles×style, moved along K×style directions by K amounts.

    Args:
        w: by stage.
        directions: where to.
        amounts: how far, in lengths of theirs.
        stages: the first stage that is moved, and the one behind the last; None moves all.

    """
    first, after = stages or (0, w.shape[1])
    made = w.clone()
    made[:, first:after] += amounts.to(w) @ directions.to(w)
    return made


def _upright(vectors: Tensor) -> Tensor:
    """Turn each so that its largest number is positive: a direction and its opposite are equally good."""
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    return vectors * torch.where(largest < 0, -1.0, 1.0)
