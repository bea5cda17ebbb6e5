"""How alike two pictures are, as the literature counts."""

import numpy as np
import pytest
import torch

from models.fidelity import luma, psnr


def test_psnr_is_of_rounded_luma_without_the_border():
    wanted = torch.full((1, 3, 20, 20), 100 / 255)
    made = wanted.clone()
    made[:, :, 4:-4, 4:-4] += 2.3 / 255  # rounds to 2
    difference = float(luma(torch.full((1, 3, 1, 1), 102 / 255)) - luma(torch.full((1, 3, 1, 1), 100 / 255)))
    assert float(psnr(made, wanted, border=4)) == pytest.approx(-20 * np.log10(difference), abs=1e-3)
    white, black = luma(torch.ones(1, 3, 1, 1)) * 255, luma(torch.zeros(1, 3, 1, 1)) * 255
    assert (float(white), float(black)) == pytest.approx((235.0, 16.0), abs=1e-3)
