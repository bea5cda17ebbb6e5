"""The lesson's loss: its weights through VGG-16, and its proportions through any other network."""

import pytest
import torch

from models.backbones import untrained_backbone
from models.feature_loss import calibrated, lesson_loss

LESSON = {
    "pixels": 0.136, "features relu3_1": 0.216, "features relu4_1": 0.277, "features relu5_1": 0.190,
    "gram relu3_1": 0.43, "gram relu4_1": 1.02, "gram relu5_1": 0.92,
}  # fmt: skip


def pictures(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(seed))


def test_through_another_network_the_terms_stand_as_the_lessons_did():
    loss = calibrated(untrained_backbone("slim"), [(pictures(0), pictures(1))])
    terms = {name: float(term) for name, term in loss(pictures(0), pictures(1)).items()}
    assert set(terms) == set(LESSON)
    for name, size in LESSON.items():
        assert terms[name] / terms["pixels"] == pytest.approx(size / LESSON["pixels"], rel=1e-3)


def test_the_lessons_own_weights_and_gram_matrices():
    backbone = untrained_backbone("vgg16_bn")
    made, wanted = pictures(0), pictures(1)
    terms = lesson_loss(backbone)(made, wanted)
    taps = ("relu3_3", "relu4_3", "relu5_3")
    seen, right = backbone(made, taps), backbone(wanted, taps)
    for tap, weight in zip(taps, (5, 15, 2), strict=True):
        assert float(terms[f"features {tap}"]) == pytest.approx(weight * float((seen[tap] - right[tap]).abs().mean()))
        grams = []
        for features in (seen[tap], right[tap]):
            n, c, h, w = features.shape
            flat = features.reshape(n, c, h * w)
            grams.append(torch.einsum("ncp,ndp->ncd", flat, flat) / (c * h * w))
        expected = weight**2 * 5e3 * float((grams[0] - grams[1]).abs().mean())
        assert float(terms[f"gram {tap}"]) == pytest.approx(expected, rel=1e-4)


def test_gradients_reach_what_was_made_and_nothing_else():
    loss = calibrated(untrained_backbone("slim"), [(pictures(0), pictures(1))])
    made = pictures(0).requires_grad_()
    sum(loss(made, pictures(1)).values()).backward()
    assert float(made.grad.abs().max()) > 0
