"""The honest mirror's numbers, against their formulas written out."""

import math

import pytest
import torch

from models.mirror import (
    Mirror,
    different_pictures,
    nearest,
    precision_and_recall,
    shares_at_the_ends,
)


def drawn(count: int, size: int = 6, seed: int = 0, spread: float = 1.0) -> torch.Tensor:
    return spread * torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def test_the_nearest_is_found_and_none_is_its_own_neighbour():
    some, others = drawn(5), drawn(7, seed=1)
    far, which = nearest(some, others)
    for one in range(5):
        distances = [math.dist(some[one].tolist(), other.tolist()) for other in others]
        assert (int(which[one]), float(far[one])) == (distances.index(min(distances)), pytest.approx(min(distances)))
    far, which = nearest(drawn(600), drawn(600), themselves=True)  # more than are looked at together
    assert float(far.min()) > 0
    assert all(int(other) != one for one, other in enumerate(which))


def test_precision_and_recall_are_those_of_the_paper():
    real, made = drawn(20), drawn(15, seed=1, spread=0.5)

    def lies_among(point, others, k=3):  # eq. 1
        for other in others:
            radius = sorted(math.dist(other, one) for one in others)[k]  # the 0th is itself
            if math.dist(point, other) <= radius + 1e-6:
                return True
        return False

    reals, mades = real.tolist(), made.tolist()
    precision, recall = precision_and_recall(real, made)
    assert precision == pytest.approx(sum(lies_among(point, reals) for point in mades) / 15)
    assert recall == pytest.approx(sum(lies_among(point, mades) for point in reals) / 20)
    assert precision > recall  # what is narrower lies among the others, and leaves some out


def test_the_birthday_test_tells_how_many_different_pictures_there_are():
    assert different_pictures(23, 1) == pytest.approx(253)  # 23 people are 23·22/2 pairs
    assert different_pictures(100, 0) == math.inf
    known = drawn(300, size=16)  # a generator that knows 300 pictures by heart
    made = known[torch.randint(300, (500,), generator=torch.Generator().manual_seed(3))]
    made = made + drawn(500, size=16, seed=4, spread=1e-3)
    found = Mirror(drawn(500, size=16, seed=5), drawn(500, size=16, seed=6)).of(made)
    assert found.different == pytest.approx(300, rel=0.15)
    varied = Mirror(drawn(500, size=16, seed=5), drawn(500, size=16, seed=6)).of(drawn(500, size=16, seed=7))
    assert varied.twins <= 15
    assert varied.different > 5000


def test_copies_are_told_from_what_is_merely_alike():
    learnt, unseen = drawn(400, size=12), drawn(200, size=12, seed=1)
    mirror = Mirror(learnt, unseen)
    honest, thief = drawn(200, size=12, seed=2), drawn(200, size=12, seed=2)
    thief[:50] = learnt[100:150] + drawn(50, size=12, seed=3, spread=0.01)
    found = mirror.of(thief)
    assert mirror.of(honest).copies <= 0.03
    assert found.copies == pytest.approx(0.25, abs=0.03)
    assert found.neighbours[:50].tolist() == list(range(100, 150))
    assert float(found.distances[:50].max()) < 0.1
    assert mirror.of_real().recall > 0.6


def test_what_is_common_in_the_data_is_seen_to_become_the_rule():
    chance = torch.Generator().manual_seed(0)
    light = torch.rand(400, 1, 1, 1, generator=chance).expand(400, 3, 4, 4)
    same = shares_at_the_ends(light, light)
    assert same["lightness"] == pytest.approx((0.25, 0.25), abs=0.01)
    dark = shares_at_the_ends(light, light * 0.5)
    assert dark["lightness"][0] == pytest.approx(float((light[:, 0, 0, 0] * 0.5 < light.quantile(0.25)).float().mean()))
    assert dark["lightness"][1] == 0.0
    red = torch.rand(400, 3, 4, 4, generator=chance)
    warmer = red * torch.tensor([1.0, 0.9, 0.7]).view(1, 3, 1, 1)
    assert shares_at_the_ends(red, warmer)["warmth"][1] > 0.5
