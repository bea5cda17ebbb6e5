"""Plain ground is painted no rougher than the painting's."""

import pytest
import torch

from models.roughness import ROOM, ground_distance, ranks_of, roughnesses


def marks(seed, height=64, width=64):
    """Grey marks, broader than a patch."""
    chance = torch.Generator().manual_seed(seed)
    return (
        (torch.rand(1, 1, height // 2, width // 2, generator=chance) - 0.5)
        .repeat_interleave(2, 2)
        .repeat_interleave(2, 3)
    )


def half_plain(strength, seed=0, plain=0.0):
    """Plain on the left, marks on the right."""
    picture = torch.full((1, 3, 64, 64), 0.5)
    picture[..., :32] += plain * marks(seed + 1, width=32)
    picture[..., 32:] += strength * marks(seed, width=32)
    return picture


def test_plain_places_rank_below_rough_ones_and_equal_ones_alike():
    ranks = ranks_of(half_plain(0.5))
    assert float(ranks[..., :5].max()) < 0.5 < float(ranks[..., 8:].min())
    assert len(ranks[..., :4].unique()) == 1
    assert float(ranks_of(torch.full((1, 3, 40, 50), 0.3)).min()) == 1.0  # nothing is plainer than the rest


def test_marks_on_plain_ground_cost_and_marks_on_rough_ground_do_not():
    ranks, allowed = ranks_of(half_plain(0.3, seed=4)), roughnesses(half_plain(0.4, seed=8))
    within = float(ground_distance(half_plain(0.4), ranks, allowed))
    turned = float(ground_distance(half_plain(0.4).flip(3), ranks, allowed))
    assert within < 0.1 * turned
    share, deviation = 0.5, 0.4 / 12**0.5  # of the places; of the marks
    expected = share * deviation**2 / float(allowed.square().mean())
    assert turned == pytest.approx(expected, rel=0.5)


def test_where_the_painting_is_rough_everywhere_so_may_the_paint_be():
    ranks = ranks_of(half_plain(0.3))
    rough = half_plain(0.4, plain=0.4)
    assert float(ground_distance(rough, ranks, roughnesses(half_plain(0.4, 8, 0.4)))) < 0.01
    assert float(ground_distance(rough, ranks, roughnesses(rough) / (2 * ROOM))) > 0.2


def test_the_gradient_is_right():
    image = torch.rand(1, 3, 9, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    ranks = torch.linspace(0.0, 1.0, 12, dtype=torch.float64).view(1, 1, 3, 4)
    allowed = torch.linspace(0.02, 0.2, 5, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: ground_distance(x, ranks, allowed), (image,))
