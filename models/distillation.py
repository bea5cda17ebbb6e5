"""Distillation of perceptual features: a small network learns what its teachers see (FitNets, Romero et al. 2015).

A *lesson* is one layer of a teacher that one tap of the pupil must explain, through a linear 1×1 head H. Two things are
asked: the features themselves, and their Gram matrices, for those are what a style loss compares. When training is over
the heads are folded away: with M = (HᵀH)^½ any distance between heads' outputs, of features or of Gram matrices, equals
the one between M·features, so a square 1×1 convolution replaces the wide heads without loss (`fold_heads`).
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from models.slim import ReflectedConvolution, SlimNetwork, Widths, tap_indices
from models.teachers import Lesson

__all__ = ["Heads", "fold_heads", "gram_matrix", "lesson_errors", "style_gap", "tap_widths"]


def gram_matrix(features: Tensor) -> Tensor:
    """N×C×H×W → N×C×C, the mean over positions of the products of features (Gatys et al. 2016, eq. 3)."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


class Heads(nn.Module):
    """One linear 1×1 map per lesson, from the pupil's tap to the teacher's layer, in units of that layer's energy.

    Args:
        lessons: what is to be learnt.
        widths: channels of the pupil at each tap.

    """

    energies: Tensor

    def __init__(self, lessons: Sequence[Lesson], widths: Mapping[str, int]) -> None:
        super().__init__()
        self.lessons = tuple(lessons)
        self.maps = nn.ParameterList(
            nn.Parameter(torch.empty(lesson.channels, widths[lesson.tap])) for lesson in self.lessons
        )
        self.register_buffer("energies", torch.ones(len(self.lessons)))

    @torch.no_grad()
    def fit(self, pupil: Mapping[str, Tensor], teacher: Mapping[str, Tensor], ridge: float = 1e-3) -> None:
        """Set every head to the least-squares map from what the pupil sees to what the teacher sees.

        Also measures each layer's energy (mean square of a feature), in units of which the heads speak.
        """
        for index, lesson in enumerate(self.lessons):
            known, wanted = _vectors(pupil[lesson.tap]), _vectors(teacher[lesson.layer])
            self.energies[index] = wanted.square().mean()
            normal = known.T @ known
            normal += ridge * normal.diagonal().mean() * torch.eye(len(normal))
            solved = torch.linalg.solve(normal, known.T @ wanted).T
            self.maps[index].copy_(solved / self.energies[index].sqrt())

    def metric(self, tap: str) -> Tensor:
        """Return HᵀH of everything `tap` has to explain, weighted as in the loss (symmetric, C×C)."""
        pairs = [(m, lesson.weight) for m, lesson in zip(self.maps, self.lessons, strict=True) if lesson.tap == tap]
        return torch.stack([weight / len(m) * m.T @ m for m, weight in pairs]).sum(0)


def lesson_errors(
    heads: Heads, pupil: Mapping[str, Tensor], teacher: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return by layer the squared errors of the features and of the Gram matrices, relative to each picture's own.

    Relative per picture, as a style loss is relative to its painting: a quiet picture counts as much as a loud one.
    """
    features: dict[str, Tensor] = {}
    grams: dict[str, Tensor] = {}
    with torch.autocast(heads.energies.device.type, enabled=False):  # sums over a picture need all their digits
        pupil, teacher = _in_full(pupil), _in_full(teacher)
        known_grams = {tap: gram_matrix(seen) for tap, seen in pupil.items()}
        for lesson, head, energy in zip(heads.lessons, heads.maps, heads.energies, strict=True):
            wanted = teacher[lesson.layer] / energy.sqrt()
            told = nn.functional.conv2d(pupil[lesson.tap], head[:, :, None, None])
            wanted_gram = gram_matrix(wanted)
            told_gram = head @ known_grams[lesson.tap] @ head.T
            features[lesson.layer] = _relative(told - wanted, wanted)
            grams[lesson.layer] = _relative(told_gram - wanted_gram, wanted_gram)
    return features, grams


def _in_full(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: seen.float() for name, seen in features.items()}


def _relative(error: Tensor, wanted: Tensor) -> Tensor:
    """Mean over the batch of ‖error‖² / ‖wanted‖²; an almost empty picture cannot blow it up."""
    energy = wanted.square().flatten(1).mean(1)
    return (error.square().flatten(1).mean(1) / (energy + 0.1 * energy.mean())).mean()


def style_gap(heads: Heads, seen: Mapping[str, Tensor], style: Mapping[str, Tensor]) -> Tensor:
    """Return the style loss the folded network would report between two batches of pictures: ‖M·ΔG·M‖², summed."""
    gaps = []
    with torch.autocast(heads.energies.device.type, enabled=False):
        seen, style = _in_full(seen), _in_full(style)
        for tap in seen:
            metric = heads.metric(tap)
            wanted = gram_matrix(style[tap])
            difference, size = metric @ (gram_matrix(seen[tap]) - wanted), metric @ wanted
            # tr(M²ΔM²Δ) = ‖MΔM‖², without the matrix root
            energy = (size * size.transpose(1, 2)).sum((1, 2))
            gaps.append(((difference * difference.transpose(1, 2)).sum((1, 2)) / energy).sum())
    return torch.stack(gaps).sum()


@torch.no_grad()
def fold_heads(network: SlimNetwork, heads: Heads, widths: Widths, softening: float = 1e-3) -> SlimNetwork:
    """Return the network to be shipped: taps read behind M = (HᵀH)^½, the convolution after it undoing M.

    Average pooling and mirroring commute with M, so the chain computes exactly what it did before. Taps without a
    readout get M's diagonal approximation, which costs nothing: it scales channels, and a ReLU lets that through.

    Args:
        network: the trained one, without readouts.
        heads: what was learnt about the teachers.
        widths: the architecture of `network`.
        softening: keeps M invertible in half precision, as a fraction of its mean eigenvalue.

    """
    folded = SlimNetwork(widths, readouts=True)
    taps = {index: tap for tap, index in tap_indices(folded.features).items()}
    sources = iter(layer for layer in network.features if isinstance(layer, nn.Conv2d))
    undo = torch.eye(3)
    for index, layer in enumerate(folded.features):
        if isinstance(layer, ReflectedConvolution):
            source = next(sources)
            layer.weight.copy_(torch.einsum("oikl,ij->ojkl", source.weight, undo))
            if source.bias is not None:
                layer.bias.copy_(source.bias)
            undo = torch.eye(layer.out_channels)
            if index + 1 in taps:  # its ReLU is what is tapped
                scale = (_softened(heads.metric(taps[index + 1]).diagonal(), softening)).sqrt()
                layer.weight.mul_(scale[:, None, None, None])
                layer.bias.mul_(scale)
                undo = torch.diag(1 / scale)
        elif isinstance(layer, nn.Conv2d):
            root = _root(heads.metric(taps[index]), softening)
            layer.weight.copy_(root[:, :, None, None])
            undo = torch.linalg.inv(root)
    return folded.requires_grad_(False).eval()


def _root(metric: Tensor, softening: float) -> Tensor:
    """Return the symmetric square root, which turns channels as little as possible."""
    values, vectors = torch.linalg.eigh(metric.double())
    root: Tensor = (vectors * _softened(values, softening).sqrt()) @ vectors.T
    return root.to(metric.dtype)


def _softened(values: Tensor, softening: float) -> Tensor:
    return values.clamp_min(0) + softening * values.clamp_min(0).mean()


def _vectors(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1).flatten(0, 2)


def tap_widths(widths: Widths, taps: Iterable[str]) -> dict[str, int]:
    """Return the channels at each tap of a slim network of these `widths`."""
    return dict(zip(taps, (scale[-1] for scale in widths), strict=False))
