"""How alike two sets of pictures are: the formula, what it does not depend on, and what it tells."""

import pytest
import torch

from models.backbones import untrained_backbone
from models.kid import Spectators, kernel_distance, kernel_distance_noise, pooled_features


def test_the_distance_is_the_papers_written_out():
    one, other = torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]), torch.tensor([[2.0, 2.0], [1.0, -1.0]])

    def k(x, y):
        return (float(x @ y) / 2 + 1) ** 3

    within_one = sum(k(one[i], one[j]) for i in range(3) for j in range(3) if i != j) / 6
    within_other = sum(k(other[i], other[j]) for i in range(2) for j in range(2) if i != j) / 2
    across = sum(k(x, y) for x in one for y in other) / 6
    assert kernel_distance(one, other) == pytest.approx(within_one + within_other - 2 * across)


def test_sets_of_one_kind_are_at_no_distance_however_few_there_are():
    generator = torch.Generator().manual_seed(0)
    for count in (8, 64):
        pairs = [torch.randn(2, count, 6, generator=generator) for _ in range(200)]
        distances = torch.tensor([kernel_distance(one, other) for one, other in pairs])
        assert abs(float(distances.mean())) < 3 * float(distances.std()) / 200**0.5
    assert kernel_distance_noise(*pairs[0]) > 0.5 * float(distances.std())
    assert torch.isnan(torch.tensor(kernel_distance_noise(pairs[0][0][:12], pairs[0][1])))


def test_other_pictures_are_further_away_and_equal_ones_less_varied():
    generator = torch.Generator().manual_seed(1)
    real = torch.randn(64, 6, generator=generator) * torch.tensor([1.0, 1, 1, 50, 1, 1]) + 7
    spectators = Spectators.of(real)
    alike = spectators.judge(torch.randn(64, 6, generator=generator) * torch.tensor([1.0, 1, 1, 50, 1, 1]) + 7)
    other = spectators.judge(real + 3 * torch.tensor([1.0, 1, 1, 50, 1, 1]))
    one = spectators.judge(real[:1].expand(64, -1))
    assert alike["kid"] < 0.2 < 1 < other["kid"]
    assert alike["spread"] == pytest.approx(1.0, abs=0.2)
    assert one["spread"] == 0.0


def test_features_are_what_the_coarsest_scales_see():
    backbone = untrained_backbone("slim")
    assert pooled_features(backbone, torch.rand(3, 3, 32, 32)).shape == (3, 2 * (160 + 192))
