"""Distillation of perceptual features: a small network learns what its teachers see (FitNets, Romero et al. 2015).

A *lesson* is one layer of a teacher that one tap of the pupil must explain, through a linear 1×1 head H. Three things
are asked: the features themselves; their Gram matrices, for those are what a style loss compares; and the gradient of
such a loss to the picture, for that is what paints. When training is over the heads are folded away: with M = (HᵀH)^½
any distance between heads' outputs, of features or of Gram matrices, equals the one between M·features, so a square 1×1
convolution replaces the wide heads without loss (`fold_heads`).
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from models.slim import ReflectedConvolution, SlimNetwork, Widths, tap_indices
from models.teachers import Lesson

__all__ = [
    "Heads",
    "fold_heads",
    "gradient_error",
    "gram_matrix",
    "lesson_errors",
    "style_gap",
    "tap_widths",
    "unfold_heads",
]

_SILENT = 1e-8
"""The energy of a layer that says nothing, since it divides; gradients have far smaller ones."""
_TINY = 1e-30


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
            self.energies[index] = wanted.square().mean().clamp_min(_SILENT)
            normal = known.T @ known
            normal += (ridge * normal.diagonal().mean()).clamp_min(_SILENT) * torch.eye(len(normal))
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
            features[lesson.layer] = _mean_ratio(told - wanted, wanted.square())
            grams[lesson.layer] = _mean_ratio(told_gram - wanted_gram, wanted_gram.square())
    return features, grams


def gradient_error(
    heads: Heads, index: int, pictures: Tensor, pupil: Mapping[str, Tensor], teacher: Mapping[str, Tensor]
) -> Tensor:
    """Return how far the pupil's style gradient is off the teacher's: 0 is the same, 1 has nothing to do with it.

    That gradient is what paints: of ½‖G - G′‖² to the picture, where G′ is the Gram matrix of the batch's next picture
    (of a picture alone there is none). Both networks are asked for the same move, the one that the teacher wants
    (Czarnecki et al. 2017, eq. 1). What is squared is relative to the energies of both, so that a layer whose gradients
    are mostly patterns cannot blow it up.

    Args:
        heads: of the pupil.
        index: of the lesson.
        pictures: N×3×H×W, which require gradients.
        pupil: what it saw in `pictures`, by tap.
        teacher: likewise, by layer; both with their graphs.

    """
    lesson, head, energy = heads.lessons[index], heads.maps[index], heads.energies[index]
    with torch.autocast(heads.energies.device.type, enabled=False):
        wanted = gram_matrix(teacher[lesson.layer].float()) / energy
        told = head @ gram_matrix(pupil[lesson.tap].float()) @ head.T
        move = (wanted - wanted.roll(1, 0)).detach()
        (asked,) = torch.autograd.grad((wanted * move).sum(), pictures, retain_graph=True)
        (answered,) = torch.autograd.grad((told * move).sum(), pictures, create_graph=True)
        height, width = asked.shape[-2:]
        calm = nn.functional.avg_pool2d(asked, lesson.calm, 1, lesson.calm // 2, count_include_pad=False)
        asked = calm[..., :height, :width]  # N×3×H×W; windows of an even side give one row and column more
        return _mean_ratio(answered - asked, asked.square() + answered.detach().square())


def _in_full(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: seen.float() for name, seen in features.items()}


def _mean_ratio(error: Tensor, squares: Tensor) -> Tensor:
    """Mean over the batch of ‖error‖² / Σ squares; an almost empty picture cannot blow it up."""
    energy = squares.flatten(1).mean(1)
    return (error.square().flatten(1).mean(1) / (energy + 0.1 * energy.mean()).clamp_min(_TINY)).mean()


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
            energy = (size * size.transpose(1, 2)).sum((1, 2)).clamp_min(_TINY)
            gaps.append(((difference * difference.transpose(1, 2)).sum((1, 2)) / energy).sum())
    return torch.stack(gaps).sum()


@torch.no_grad()
def fold_heads(network: SlimNetwork, heads: Heads, softening: float = 1e-3) -> SlimNetwork:
    """Return the network to be shipped: taps read behind M = (HᵀH)^½, the convolution after it undoing M.

    Average pooling and mirroring commute with M, so the chain computes exactly what it did before. Taps without a
    readout get M's diagonal approximation, which costs nothing: it scales channels, and a ReLU lets that through.

    Args:
        network: the trained one, without readouts.
        heads: what was learnt about the teachers.
        softening: keeps M invertible in half precision, as a fraction of its mean eigenvalue.

    """
    folded = SlimNetwork(network.widths, readouts=True)
    taps = {index: tap for tap, index in tap_indices(folded.features).items()}
    sources = iter(layer for layer in network.features if isinstance(layer, ReflectedConvolution))
    undo = torch.eye(3)
    for index, layer in enumerate(folded.features):
        if isinstance(layer, ReflectedConvolution):
            source = next(sources)
            layer.weight.copy_(torch.einsum("oikl,ij->ojkl", source.weight, undo))
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


@torch.no_grad()
def unfold_heads(folded: SlimNetwork) -> SlimNetwork:
    """Return a network without readouts that computes the same chain as one that `fold_heads` returned."""
    network = SlimNetwork(folded.widths, readouts=False)
    targets = iter(layer for layer in network.features if isinstance(layer, ReflectedConvolution))
    mixed = torch.eye(3)
    for layer in folded.features:
        if isinstance(layer, ReflectedConvolution):
            target = next(targets)
            target.weight.copy_(torch.einsum("ojkl,ji->oikl", layer.weight, mixed))
            target.bias.copy_(layer.bias)
            mixed = torch.eye(layer.out_channels)
        elif isinstance(layer, nn.Conv2d):
            mixed = layer.weight[:, :, 0, 0]
    return network


def _root(metric: Tensor, softening: float) -> Tensor:
    """Return the symmetric square root, which turns channels as little as possible."""
    values, vectors = torch.linalg.eigh(metric.double())
    root: Tensor = (vectors * _softened(values, softening).sqrt()) @ vectors.T
    return root.to(metric.dtype)


def _softened(values: Tensor, softening: float) -> Tensor:
    values = values.clamp_min(0)
    return (values + softening * values.mean()).clamp_min(_SILENT)


def _vectors(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1).flatten(0, 2)


def tap_widths(widths: Widths, taps: Iterable[str]) -> dict[str, int]:
    """Return the channels at each tap of a slim network of these `widths`."""
    return dict(zip(taps, (scale[-1] for scale in widths), strict=False))
