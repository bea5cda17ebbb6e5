"""What a colouriser learns from: how many hints, what they tell, and what becomes of regions."""

import numpy as np
import pytest
import torch

from models.cielab import lab_from_rgb
from studio.training.tasks.colourise_pictures import HintRule, patch_hints, region_at, with_hints


@pytest.fixture
def lab():
    """A picture of a lighter square on a ground, each of one colour."""
    rgb = torch.tensor([0.2, 0.4, 0.3]).view(3, 1, 1).repeat(1, 64, 64)
    rgb[:, 16:48, 16:48] = torch.tensor([0.9, 0.6, 0.5]).view(3, 1, 1)
    return lab_from_rgb(rgb[None])[0]


def drawn(lab, rule, seed):
    return with_hints(lab, rule, torch.Generator().manual_seed(seed))


def test_their_number_is_geometric(lab):
    rule = HintRule(ends=0.25, repaint=0.0)
    sizes = [float(drawn(lab, rule, seed)[1][2].sum()) for seed in range(200)]
    assert np.mean([size == 0 for size in sizes]) == pytest.approx(0.25, abs=0.08)  # P(0) = p


def test_hints_tell_the_picture_s_colours(lab):
    wanted, hints = drawn(lab, HintRule(ends=0.05, regions=0.0, repaint=0.0), 4)
    assert torch.equal(wanted, lab)
    there = hints[2] > 0
    assert there.any()
    assert not hints[:2, ~there].any()
    inside = torch.zeros(32, 32, dtype=torch.bool)
    inside[10:22, 10:22] = True  # no patch reaches over the edge from there
    assert torch.allclose(hints[:2, there & inside] * 100, lab[1:, 32, 32][:, None], atol=0.01)


def test_a_region_may_get_another_colour_and_its_hint_says_so(lab):
    changed = 0
    for seed in range(12):
        wanted, hints = drawn(lab, HintRule(ends=0.05, regions=1.0, repaint=1.0), seed)
        assert torch.equal(wanted[0], lab[0])
        there = hints[2] > 0
        moved = (wanted[1:] - lab[1:]).norm(dim=0) > 1
        changed += bool(moved.any())
        if moved[24:40, 24:40].all() and there[10:22, 10:22].any():
            assert (wanted[1:, 24:40, 24:40] - wanted[1:, 32:33, 32:33]).abs().max() < 0.1  # as a whole
    assert changed >= 8


def test_the_same_seed_draws_the_same(lab):
    one, other = (drawn(lab, HintRule(repaint=1.0), 5) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_region_is_what_hangs_together(lab):
    pixels = np.ascontiguousarray(lab.permute(1, 2, 0).numpy())
    region = region_at(pixels, 30, 30)
    assert region[20:44, 20:44].min() == 1.0
    assert region[:12].max() == region[52:].max() == 0.0
    assert region.mean() == pytest.approx(0.25, abs=0.02)


def test_kept_hints_are_means_of_patches(lab):
    hints = patch_hints(lab, torch.tensor([[0.5, 0.5], [0.26, 0.5]]), 7)
    assert hints[2].sum() == 2
    assert torch.allclose(hints[:2, 16, 16] * 100, lab[1:, 32, 32], atol=0.01)
    edge = lab[1:, 13:20, 29:36].mean(dim=(1, 2))
    assert torch.allclose(hints[:2, 8, 16] * 100, edge, atol=0.01)
