"""Clean paint: the energies of octaves against their definition, gains, tones, edges, and what a slider moves."""

import math

import pytest
import torch

from models.backbones import untrained_backbone
from models.clean_paint import (
    OCTAVES,
    PaintTarget,
    contours_of,
    edge_keeping_variation,
    line_distance,
    mixed,
    octave_energies,
    octave_gains,
    paint_distance,
    paint_target,
)
from models.painting_init import gaussian_blur, resize
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights, StyleObjective, total_variation

LUMA = torch.tensor([0.2126, 0.7152, 0.0722])


def noise(height, width, seed=0, dtype=torch.float32):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def waves(period, side=128):
    """A grey grating of this period around the middle tone."""
    places = torch.arange(side, dtype=torch.float32)
    row = 0.5 + 0.2 * torch.sin(2.0 * math.pi * (places + 0.5) / period)
    return row.expand(1, 3, side, side).contiguous()


@pytest.mark.parametrize(("period", "octave"), [(3, 0), (6, 1), (12, 2), (24, 3), (48, 4)])
def test_details_of_a_size_lie_in_its_octave(period, octave):
    energies = octave_energies(waves(period))
    assert energies.shape == (OCTAVES, 2)
    assert int(energies[:, 0].argmax()) == octave
    assert float(energies[:, 1].max()) == pytest.approx(0.0, abs=1e-10)  # grey has no chroma


def test_the_finest_octave_is_what_a_binomial_blur_takes_away():
    image = noise(16, 16, dtype=torch.float64)
    luma = (image * LUMA.double().view(1, 3, 1, 1)).sum(dim=1)[0]
    kernel = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    blurred = luma
    for _ in range(2):  # [1 2 1] twice is [1 4 6 4 1]
        wide = torch.nn.functional.pad(blurred[None, None], (1, 1, 1, 1), mode="replicate")[0, 0]
        blurred = sum(kernel[i] * kernel[j] * wide[i : i + 16, j : j + 16] for i in range(3) for j in range(3))
    assert float(octave_energies(image)[0, 0]) == pytest.approx(float((luma - blurred).square().mean()))


def test_a_small_picture_has_fewer_octaves_and_a_narrow_one_still_one():
    assert [len(octave_energies(noise(side, 64))) for side in (16, 32, 64)] == [3, 4, 5]
    assert len(octave_energies(noise(4, 64))) == 1


def test_a_weight_of_one_asks_for_the_paintings_own_energy():
    assert octave_gains((1.0,) * 5, 0.0) == pytest.approx((1.0,) * 5)
    gains = octave_gains((0.0, 1.0, 1.0, 1.0, 4.0), 0.0)
    assert gains[0] == pytest.approx(math.sqrt(0.2 / 1.2))
    assert gains[4] == pytest.approx(math.sqrt(4.2 / 1.2))


@pytest.mark.parametrize(("octave", "floor"), [(0, 0.2), (1, 0.42), (2, 0.6), (3, 0.7), (4, 0.2)])
def test_a_slider_with_neighbours_on_both_sides_asks_for_less_than_one_at_the_rim(octave, floor):
    low, high = (octave_gains(tuple(v if i == octave else 1.0 for i in range(5)), 0.0)[octave] for v in (0.0, 4.0))
    assert high / low == pytest.approx(math.sqrt((4.0 + floor) / floor))


def test_smoothness_takes_from_the_two_finest_octaves():
    assert octave_gains((1.0,) * 5, 1.0) == pytest.approx((2.0**-1.4, 2.0**-0.6, 1.0, 1.0, 1.0))


def test_at_a_smaller_size_strokes_are_as_many_octaves_finer():
    weights = (4.0, 3.0, 2.0, 1.0, 0.5)
    full, half = octave_gains(weights, 0.0), octave_gains(weights, 0.0, below=1)
    assert half == (*full[1:], full[-1])
    assert octave_gains(weights, 0.0, below=9) == (full[-1],) * 5


def test_a_painting_is_its_own_clean_paint():
    painting = noise(64, 48)
    target = paint_target(painting)
    within = torch.minimum(torch.maximum(painting, target.darkest), target.brightest)
    assert float(paint_distance(painting, target.energies, target, (1.0,) * 5)) < 0.05
    assert float(paint_distance(within, target.energies, target, (1.0,) * 5)) == 0.0


def test_an_enlarged_painting_is_asked_for_as_sharp_as_others():
    small = gaussian_blur(noise(32, 32), 1.0)
    enlarged = resize(small, 128, 128)
    measured, asked = octave_energies(enlarged), paint_target(enlarged).energies
    assert float(measured[0, 0] / measured[1, 0]) < 0.3
    assert float(asked[0, 0] / asked[1, 0]) == pytest.approx(0.7)
    torch.testing.assert_close(asked[:, 1], measured[:, 1])  # but not for more speckle


def test_chroma_counts_only_where_there_is_too_much():
    target = paint_target(noise(64, 64))
    dull = torch.stack([target.energies[:, 0], 0.25 * target.energies[:, 1]], dim=1)
    garish = torch.stack([target.energies[:, 0], 4.0 * target.energies[:, 1]], dim=1)
    flat = target.darkest.expand(1, 3, 8, 8)
    assert float(paint_distance(flat, dull, target, (1.0,) * 5)) == 0.0
    expected = 0.5 * len(target.energies) * math.log(4.0) ** 2  # OCTAVE_SCALE · Σ ln² 4
    assert float(paint_distance(flat, garish, target, (1.0,) * 5)) == pytest.approx(expected, rel=1e-3)


def test_tones_outside_the_paintings_range_are_drawn_back():
    target = PaintTarget(torch.ones(1, 2), torch.ones(2), torch.full((1, 3, 1, 1), 0.2), torch.full((1, 3, 1, 1), 0.8))
    image = torch.tensor([0.1, 0.5, 1.0]).view(1, 1, 1, 3).repeat(1, 3, 1, 1).requires_grad_()
    distance = paint_distance(image, torch.ones(1, 2), target, (1.0,))
    assert float(distance.detach()) == pytest.approx(1000.0 * (0.1**2 + 0.0 + 0.2**2) / 3)
    distance.backward()
    assert [float(step) for step in image.grad[0, 0, 0].sign()] == [-1.0, 0.0, 1.0]


def test_two_paintings_ask_for_their_mean():
    one, other = paint_target(noise(64, 64, 1)), paint_target(0.5 * noise(32, 32, 2))
    both = mixed([one, other], (0.25, 0.75))
    torch.testing.assert_close(both.energies, 0.25 * one.energies[:4] + 0.75 * other.energies)
    torch.testing.assert_close(both.brightest, 0.25 * one.brightest + 0.75 * other.brightest)


def test_an_edge_costs_nearly_the_same_sharp_or_soft_and_grain_adds_to_it():
    side = 64
    sharp = (torch.arange(side) >= side // 2).float().mul(0.6).add(0.2).expand(1, 3, side, side).contiguous()
    soft = gaussian_blur(sharp, 2.0)
    grain = sharp + 0.05 * (noise(side, side) - 0.5)
    costs = [float(edge_keeping_variation(image)) for image in (sharp, soft, grain)]
    assert costs[1] > 0.7 * costs[0]
    assert float(total_variation(soft)) < 0.3 * float(total_variation(sharp))  # which would rather blur it
    assert costs[2] > 1.3 * costs[0]


def step(height, dark=0.2, bright=0.7, side=64):
    """Dark on the left, bright from the column 30 on."""
    row = torch.full((side,), dark)
    row[30:] = bright
    return row.expand(1, 3, height, side).clone()


def test_a_contour_is_where_the_photo_steps():
    where = contours_of(step(48) + 0.02 * (noise(48, 64) - 0.5)).where
    assert float(where[..., 28:32].min()) > 0.5
    assert float(where[..., :18].max()) < 0.01
    assert float(where[..., 42:].max()) < 0.01


def test_among_twigs_there_are_no_contours():
    alone, twigs = contours_of(step(96, side=96)).where, contours_of(waves(8, side=96)).where
    assert float(twigs.mean()) < 0.1 * float(alone[..., 28:32].mean())


def test_a_contour_may_have_any_tones_and_no_hairline():
    photo = step(48)
    painted = step(48, dark=0.6, bright=0.3)
    hairline = painted.clone()
    hairline[..., 29] += 0.2
    outside = painted.clone()
    outside[..., 50] += 0.2
    contours = contours_of(photo)
    assert float(line_distance(painted, contours)) < 1e-4
    assert float(line_distance(outside, contours)) == pytest.approx(float(line_distance(painted, contours)), rel=1e-3)
    across = contours.where[0, 0, 0]
    told = float((0.2**2 * across[29]) / across.sum())  # what stands out, where it does, over all contours
    assert float(line_distance(hairline, contours)) == pytest.approx(told, rel=0.35)


def test_lines_of_the_photo_may_be_painted_as_strong_as_they_are():
    photo = torch.full((1, 3, 48, 64), 0.5)
    photo[..., 20, :] = 0.9  # a whisker
    stronger = photo.clone()
    stronger[..., 20, :] = 1.0
    contours = contours_of(photo)
    assert float(line_distance(photo, contours)) == 0.0
    assert float(line_distance(stronger, contours)) > 1e-4


@pytest.mark.parametrize(
    "function",
    [
        edge_keeping_variation,
        lambda image: octave_energies(image).log().sum(),
        lambda image: line_distance(image, contours_of(noise(9, 8, 5).double())),
    ],
)
def test_gradients_are_right(function):
    image = noise(9, 8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(function, (image,))


# -- in the loss -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures():
    painting = 0.6 * gaussian_blur(noise(64, 64, 1), 1.0) + 0.4 * gaussian_blur(noise(64, 64, 2), 4.0)
    return gaussian_blur(noise(64, 64, 3), 3.0), (0.5 + 3.0 * (painting - 0.5)).clamp(0.1, 0.9)


def painted(pictures, weights, evaluations=40, below=0):
    photo, painting = pictures
    backbone = untrained_backbone("slim", seed=0)
    optimisation = StyleOptimisation(StyleObjective(backbone, "gram", photo, [painting], below=below), photo, weights)
    for _ in range(evaluations):
        optimisation.forward()
        optimisation.backward()
    return optimisation


@pytest.mark.parametrize("octave", [0, 2])
def test_a_slider_is_the_master_of_its_octave_and_of_no_other(octave, pictures):
    ends = []
    for value in (0.0, 4.0):
        layers = tuple(value if i == octave else 1.0 for i in range(5))
        ends.append(octave_energies(painted(pictures, LossWeights(style_layers=layers), 24).painting)[:, 0])
    change = ends[1] / ends[0]
    assert float(change[octave]) >= 2.0
    others = torch.cat([change[:octave], change[octave + 1 :]])
    assert float(torch.maximum(others, 1.0 / others).max()) <= 1.5


def test_the_loss_under_other_weights_is_known_without_the_network(pictures):
    optimisation = painted(pictures, LossWeights(total_variation=0.3), evaluations=3)
    moved = LossWeights(style=2.0, total_variation=1.0, style_layers=(0.5, 2.0, 1.0, 1.0, 3.0))
    known = optimisation.known_loss(moved)
    assert known == pytest.approx(optimisation.objective.look(optimisation.painting, moved).loss, rel=1e-4)


def test_a_texture_has_no_contours_to_keep(pictures):
    photo, painting = pictures
    weights = LossWeights(content=0.0)
    losses = [
        StyleObjective(untrained_backbone("slim", seed=0), "gram", content, [painting], below=0).look(photo, weights)
        for content in (step(64), photo)
    ]
    assert losses[0].loss == losses[1].loss


def test_the_part_of_clean_paint_is_told_with_the_style(pictures):
    photo, painting = pictures
    backbone = untrained_backbone("slim", seed=0)
    weights = LossWeights(total_variation=0.2)
    clean, plain = (
        StyleObjective(backbone, "gram", photo, [painting], below=below).look(photo, weights) for below in (0, None)
    )
    target = paint_target(painting)
    gains = octave_gains(weights.style_layers, weights.total_variation)
    expected = float(paint_distance(photo, octave_energies(photo), target, gains))
    assert clean.style - plain.style == pytest.approx(expected, rel=1e-4)
    assert clean.loss == pytest.approx(clean.content + clean.style + clean.total_variation, rel=1e-4)
    assert plain.octaves is None


def test_without_style_nothing_is_asked_of_the_paint(pictures):
    photo, painting = pictures
    objective = StyleObjective(untrained_backbone("slim", seed=0), "gram", photo, [painting], below=0)
    assert objective.look(photo, LossWeights(style=0.0)).loss == pytest.approx(0.0)
