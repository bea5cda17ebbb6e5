"""CIELAB: the formula's own numbers, OpenCV's, there and back, and what a screen can show."""

import cv2
import numpy as np
import pytest
import torch

from models.cielab import chroma_within_gamut, grey_of, lab_from_rgb, lightness_of, rgb_from_lab


def as_picture(*colours) -> torch.Tensor:
    """Colours in a row: 1×3×1×N."""
    return torch.tensor(colours, dtype=torch.float32).T[None, :, None]


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.74, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0, 0)),
    ],
)
def test_known_colours_have_their_known_places(rgb, lab):
    assert lab_from_rgb(as_picture(rgb)).flatten().tolist() == pytest.approx(lab, abs=0.01)


def test_it_is_what_opencv_computes():
    picture = torch.rand(1, 3, 24, 24)
    theirs = cv2.cvtColor(np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy()), cv2.COLOR_RGB2Lab)
    apart = (lab_from_rgb(picture)[0].permute(1, 2, 0) - torch.from_numpy(theirs)).abs()
    assert apart.mean() < 0.15  # OpenCV looks it up in a table
    assert apart.max() < 0.6


def test_there_and_back_is_itself():
    picture = torch.rand(2, 3, 8, 8)
    assert torch.allclose(rgb_from_lab(lab_from_rgb(picture)), picture, atol=2e-5)
    assert torch.allclose(lightness_of(picture), lab_from_rgb(picture)[:, :1], atol=1e-4)
    assert torch.allclose(
        lightness_of(grey_of(torch.full((1, 1, 1, 1), 40.0)).expand(1, 3, 1, 1)), torch.tensor(40.0), atol=1e-3
    )


def test_gradients_are_right_and_finite_at_the_ends():
    picture = torch.rand(1, 3, 2, 2, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lab_from_rgb, picture)
    assert torch.autograd.gradcheck(lambda rgb: rgb_from_lab(lab_from_rgb(rgb)), picture)
    ends = as_picture((0, 0, 0), (1, 1, 1), (1, 0, 0)).requires_grad_()
    lab_from_rgb(ends).sum().backward()
    assert ends.grad is not None
    assert ends.grad.isfinite().all()


def test_what_no_screen_shows_keeps_its_lightness_and_hue():
    lab = as_picture((50.0, 120.0, -90.0), (97.0, -60.0, 10.0), (60.0, 5.0, -5.0), (0.0, 40.0, 0.0))
    fitted = chroma_within_gamut(lab)
    rgb = rgb_from_lab(fitted)
    assert rgb.min() > -1e-3
    assert rgb.max() < 1 + 1e-3
    assert torch.equal(fitted[:, 0], lab[:, 0])
    assert torch.equal(fitted[..., 2], lab[..., 2])  # that one fits
    assert fitted[0, 1, 0, 0] / fitted[0, 2, 0, 0] == pytest.approx(120 / -90, rel=1e-4)
    assert fitted[:, 1:, :, 0].norm() > 40  # as far as there are colours
    assert lab_from_rgb(rgb.clamp(0, 1))[0, 0, 0].tolist() == pytest.approx([50, 97, 60, 0], abs=0.05)
