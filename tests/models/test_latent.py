"""Ways through a latent space, and what is done on them: as properties."""

import pytest
import torch
from generator_kit import LESSONS, lively
from hypothesis import given
from hypothesis import strategies as st

from models.latent import (
    Bend,
    bent,
    eased,
    latents_of,
    less_typical,
    mean_style,
    mixed_styles,
    pictures_of,
    sampled_styles,
    slerp,
    walk,
)

SEEDS = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=4)


@given(SEEDS)
def test_a_seed_is_the_same_point_whatever_stands_beside_it(seeds):
    together = latents_of(seeds, 6)
    assert all(torch.equal(point, latents_of([seed], 6)[0]) for seed, point in zip(seeds, together, strict=True))


@given(st.integers(0, 1000), st.floats(0, 1))
def test_slerp_turns_evenly_and_keeps_the_length(seed, share):
    one, other = latents_of([seed, seed + 1], 16).double()
    other = other * one.norm() / other.norm()
    point = slerp(one, other, share)
    assert point.norm() == pytest.approx(one.norm().item(), rel=1e-9)
    angle = torch.arccos(torch.nn.functional.cosine_similarity(one, other, dim=0))
    part = torch.arccos(torch.nn.functional.cosine_similarity(one, point, dim=0).clamp(-1, 1))
    assert part.item() == pytest.approx(share * angle.item(), abs=1e-6)


def test_slerp_begins_and_ends_where_it_should_and_passes_equal_points():
    one, other = latents_of([1, 2], 8)
    torch.testing.assert_close(slerp(one, other, 0.0), one)
    torch.testing.assert_close(slerp(one, other, 1.0), other)
    torch.testing.assert_close(slerp(one, one.clone(), 0.3), one)


@pytest.mark.parametrize("curve", ["slerp", "line", "spline"])
def test_a_way_passes_its_points_and_a_loop_comes_back_without_a_jump(curve):
    points = latents_of([1, 2, 3], 8)
    way = walk(points, 5, curve=curve)
    assert len(way) == 11
    torch.testing.assert_close(way[::5], points)
    loop = walk(points, 20, closed=True, curve=curve)
    assert len(loop) == 60
    torch.testing.assert_close(loop[::20], points)
    steps = (torch.roll(loop, -1, 0) - loop).norm(dim=1)
    assert float(steps.max()) < 3 * float(steps.mean())


def test_a_spline_has_no_corners_and_lines_have():
    def sharpest(curve):
        loop = walk(latents_of([1, 2, 3], 8), 160, closed=True, curve=curve)
        steps = torch.roll(loop, -1, 0) - loop
        turns = torch.nn.functional.cosine_similarity(steps, torch.roll(steps, -1, 0), dim=1)
        return float(turns.min())

    assert sharpest("spline") > 0.98
    assert sharpest("line") < 0.5


def test_easing_sets_off_and_arrives_softly():
    assert (eased(0.0), eased(0.5), eased(1.0)) == (0.0, 0.5, 1.0)
    way = walk(latents_of([1, 2], 8), 10, curve="line", easing=eased)
    steps = (way[1:] - way[:-1]).norm(dim=1)
    assert float(steps[0]) < 0.5 * float(steps[5])


def test_typicality_leads_to_the_one_most_typical_picture():
    generator = lively()
    w, mean = generator.map(latents_of([1, 2], 8)), mean_style(generator)
    torch.testing.assert_close(less_typical(w, mean, 1.0), w)
    made = pictures_of(generator, less_typical(w, mean, 0.0))
    torch.testing.assert_close(made[0], made[1])
    torch.testing.assert_close(mean, sampled_styles(generator).mean(0, keepdim=True))


def test_mixing_takes_each_stage_from_whom_it_should():
    generator = lively()
    one, other = generator.by_stage(generator.map(latents_of([1, 2], 8))).unsqueeze(1)
    assert torch.equal(mixed_styles(one, other, [0, 0, 0]), one)
    mixed = mixed_styles(one, other, [0, 0.5, 1])
    assert torch.equal(mixed[:, 0], one[:, 0])
    torch.testing.assert_close(mixed[:, 1], (one[:, 1] + other[:, 1]) / 2)
    torch.testing.assert_close(mixed[:, 2], other[:, 2])


def test_pictures_do_not_depend_on_how_many_are_made_at_once():
    for facts in (None, LESSONS):
        generator = lively(facts) if facts else lively()
        w = generator.map(latents_of(range(70), 8))
        many = pictures_of(generator, w)
        torch.testing.assert_close(many[66:67], pictures_of(generator, w[66:67]))
        assert (many.min() >= 0, many.max() <= 1) == (True, True)


def test_a_bend_that_does_nothing_changes_nothing_and_the_others_do_what_they_say():
    x = torch.rand(2, 3, 8, 8)
    assert Bend(0)(x) is x
    torch.testing.assert_close(Bend(0, right=0.25)(x)[..., 2:], x[..., :-2])
    torch.testing.assert_close(Bend(0, down=0.125)(x)[:, :, 1:], x[:, :, :-1])
    torch.testing.assert_close(Bend(0, turn=90)(x), torch.rot90(x, 1, (2, 3)))
    inner = x[:, :, 2:6, 2:6]
    torch.testing.assert_close(Bend(0, zoom=2)(x).mean((2, 3)), inner.mean((2, 3)), atol=0.1, rtol=0)
    torch.testing.assert_close(Bend(0, gain=1.5)(x), 1.5 * x)
    noisy = Bend(0, noise=0.5, seed=3)(x)
    assert torch.equal(noisy, Bend(0, noise=0.5, seed=3)(x))
    assert 0.3 < float((noisy - x).std() / x.std()) < 0.7


def test_each_stage_can_be_bent():
    generator = lively()
    w = generator.map(latents_of([5], 8))
    plain = pictures_of(generator, w)
    for stage in range(generator.stages):
        assert not torch.allclose(pictures_of(generator, w, bent([Bend(stage, gain=0.2)])), plain)
    both = [Bend(0, gain=0.5), Bend(0, gain=2.0)]
    torch.testing.assert_close(pictures_of(generator, w, bent(both)), plain)
