"""What restorers are held to: each loss by hand, what repeats, and what is seen from further off."""

import numpy as np
import pytest
import torch

from models.fidelity import ssim
from models.restoration_loss import PixelLoss, charbonnier, coarse, grid


def test_the_losses_are_those_of_their_papers():
    one, other = (torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    expected = float(np.sqrt((one - other).double().numpy() ** 2 + 1e-6).mean())
    assert float(charbonnier(one, other)) == pytest.approx(expected, rel=1e-5)
    terms = PixelLoss(charbonnier=0.0, mse=3.0, ssim=2.0)(one, other)
    assert float(terms["mse"]) == pytest.approx(3 * float((one - other).square().mean()), rel=1e-5)
    assert float(terms["ssim"]) == pytest.approx(2 * float(1 - ssim(one, other).mean()), rel=1e-5)
    assert float(ssim(one, one).min()) == pytest.approx(1.0)


def test_what_repeats_counts_and_errors_that_stand_alone_cancel():
    wanted = torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    dots = torch.zeros(48, 64)
    dots[::4, ::4] = 0.16
    assert float(grid(wanted + dots, wanted, 8)) == pytest.approx(0.01, rel=0.05)  # a sixteenth of all pixels
    noise = 0.01 * torch.randn(wanted.shape, generator=torch.Generator().manual_seed(1))
    assert float(grid(wanted + noise, wanted, 8)) == pytest.approx(float(noise.abs().mean()) / 4, rel=0.1)
    made = wanted + noise
    by_hand = sum(noise[..., 8 * y :, 8 * x :][..., :24, :40] for y in range(4) for x in range(4)) / 16
    assert float(grid(made, wanted, 8)) == pytest.approx(float(by_hand.abs().mean()), rel=1e-5)
    assert float(grid(made[..., :6, :6], wanted[..., :6, :6], 8)) == pytest.approx(
        float(noise[..., :6, :6].abs().mean())
    )


def test_blotches_count_and_noise_that_cancels_does_not():
    wanted = torch.full((1, 3, 32, 32), 0.5)
    checks = wanted + 0.1 * (-1.0) ** torch.arange(32)  # ± .1 in turn: nothing is left of it in a patch's mean
    blotch = wanted.clone()
    blotch[:, :, :16, :16] += 0.08
    assert coarse(checks, wanted) == pytest.approx(0.0, abs=1e-6)
    assert coarse(blotch, wanted) == pytest.approx(0.08 / 4)  # in a quarter of the patches, large and small
    assert PixelLoss(charbonnier=0.0, coarse=3.0)(blotch, wanted)["coarse"] == pytest.approx(0.06)
    assert coarse(blotch[:, :, :8, :8], wanted[:, :, :8, :8]) == pytest.approx(0.04)  # large patches do not fit in
