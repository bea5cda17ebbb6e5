"""The kernel distance of two sets of features, by its formula and beside that of real ones."""

import pytest
import torch

from models.kernel_distance import KernelDistance, kernel_distance


def test_it_is_the_unbiased_estimate_of_the_paper():
    x, y = torch.rand(4, 3, dtype=torch.double), torch.rand(5, 3, dtype=torch.double)

    def k(one, other):
        return (float(one @ other) / 3 + 1) ** 3

    expected = sum(k(x[i], x[j]) for i in range(4) for j in range(4) if i != j) / 12
    expected += sum(k(y[i], y[j]) for i in range(5) for j in range(5) if i != j) / 20
    expected -= 2 * sum(k(one, other) for one in x for other in y) / 20
    assert kernel_distance(x, y) == pytest.approx(expected)


def test_alike_sets_are_near_none_and_others_far_from_it():
    chance = torch.Generator().manual_seed(0)
    scale = torch.tensor([1.0, 100.0])  # what is loud counts no more than what is quiet
    one, other, far = (torch.randn(200, 2, generator=chance) * scale for _ in range(3))
    far[:, 0] += 2.0
    distance = KernelDistance(one, other)
    assert abs(distance.of_real) < 3 * distance.spread + 0.05
    assert distance.to(far) > 10 * abs(distance.of_real)


def test_what_real_pictures_hardly_wake_does_not_decide_alone():
    chance = torch.Generator().manual_seed(0)
    real, other, made = (torch.randn(60, 8, generator=chance) for _ in range(3))
    for features, loudness in ((real, 1e-7), (other, 1e-7), (made, 0.05)):
        features[:, 0] *= loudness
    assert KernelDistance(real, other).to(made) < 0.5
