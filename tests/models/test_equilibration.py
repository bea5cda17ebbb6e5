"""What a probe of the curvature says: where and at which frequencies a picture may move."""

import torch

from models.equilibration import Equilibration, probe
from models.painting_init import without_checkerboard
from models.steered_lbfgs import Outcome, SteeredLBFGS


def waves(period):
    """Grey waves across a 48×64 picture, a whole number of them."""
    x = torch.arange(64.0)
    return (0.1 * torch.sin(2 * torch.pi * x / period)).expand(1, 3, 48, 64).contiguous()


def length(direction):
    return float(direction.norm())


def blurred(image, times=6):
    for _ in range(times):
        image = without_checkerboard(image)
    return image


def test_the_probe_is_small_noise_and_always_the_same():
    noise = probe(torch.zeros(1, 3, 48, 64))
    assert torch.equal(noise, probe(torch.ones(1, 3, 48, 64)))
    assert 0.009 < float(noise.std()) < 0.011
    assert abs(float(noise.mean())) < 0.001


def test_frequencies_at_which_the_loss_is_stiff_move_less():
    noise = probe(torch.zeros(1, 3, 48, 64))
    low_is_stiff = Equilibration.of(noise, blurred(noise))  # a Hessian that is a low-pass filter
    even = Equilibration.of(noise, noise)
    low, high = (length(low_is_stiff(waves(period))) / length(even(waves(period))) for period in (32, 4))
    assert high > 5 * low


def test_places_at_which_the_loss_is_stiff_move_less():
    noise = probe(torch.zeros(1, 3, 48, 64))
    stiffness = torch.ones(1, 1, 48, 64)
    stiffness[..., 32:] = 9.0  # the right half
    moved = Equilibration.of(noise, stiffness * noise)(waves(8))
    assert length(moved[..., 4:28]) > 2 * length(moved[..., 36:60])


def test_it_is_symmetric_and_positive_and_lets_no_checkerboard_through():
    noise = probe(torch.zeros(1, 3, 30, 41))
    prior = Equilibration.of(noise, blurred(noise))
    one, other = (torch.randn(1, 3, 30, 41, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    torch.testing.assert_close((one * prior(other)).sum(), (prior(one) * other).sum(), rtol=1e-3, atol=1e-4)
    assert float((one * prior(one)).sum()) > 0
    even = Equilibration.of(probe(torch.zeros(1, 3, 32, 32)), probe(torch.zeros(1, 3, 32, 32)))
    board = ((torch.arange(32)[:, None] + torch.arange(32)) % 2 - 0.5).expand(1, 3, 32, 32)
    assert length(even(board)) < 0.05 * length(even(board.abs()))


def test_the_smallest_picture_that_is_painted_can_be_probed():
    noise = probe(torch.zeros(1, 3, 16, 32))
    assert torch.isfinite(Equilibration.of(noise, noise)(noise)).all()


def test_a_badly_scaled_loss_falls_faster_after_a_probe():
    noise = probe(torch.zeros(1, 3, 48, 64))
    goal = 0.5 + 3.0 * blurred(torch.randn(noise.shape, generator=torch.Generator().manual_seed(5)), 2)

    def gradient(picture):  # of the squared distance, low frequencies weighing far more
        return blurred(picture - goal) + 0.01 * (picture - goal)

    def tell(optimiser):
        away = optimiser.trial - goal
        return optimiser.tell(float(0.5 * (away * gradient(optimiser.trial)).sum()), gradient(optimiser.trial))

    plain, probed = (SteeredLBFGS(torch.full_like(noise, 0.5), bounds=None) for _ in range(2))
    assert tell(probed) is Outcome.ACCEPTED
    probed.equilibrate(noise, gradient(probed.accepted + noise))
    for _ in range(10):
        tell(probed)
    for _ in range(12):
        tell(plain)
    assert probed.loss < 0.5 * plain.loss


def test_a_probe_that_overflows_changes_nothing():
    optimiser = SteeredLBFGS(torch.full((1, 3, 16, 16), 0.5))
    optimiser.tell(1.0, torch.ones(1, 3, 16, 16))
    trial = optimiser.trial
    optimiser.equilibrate(probe(trial), torch.full_like(trial, torch.nan))
    assert optimiser.trial is trial
