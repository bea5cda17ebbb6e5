"""The losses against the formulas of Gatys et al. written out, and what their weights mean."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.backbones import untrained_backbone
from models.statistics import distance, gram_matrix, measure, statistic_target, style_distance
from models.style_transfer import STYLE_SCALE, TV_SCALE, LossWeights, StyleObjective, total_variation

STATISTICS = ("gram", "gram_diagonal", "mean_std")


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(scope="module")
def backbone():
    return untrained_backbone("squeezenet1_1", seed=1, pooling="average")


@pytest.fixture
def objective(backbone):
    pictures = [noise(1, 3, 64, 64, seed=seed, dtype=torch.float32) for seed in range(3)]
    return StyleObjective(backbone, "gram", pictures[0], pictures[1:])


def test_gram_matrix_is_the_mean_product_of_channels():
    features = noise(1, 4, 3, 5)
    expected = torch.zeros(4, 4, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            expected[i, j] = sum(features[0, i, y, x] * features[0, j, y, x] for y in range(3) for x in range(5)) / 15
    torch.testing.assert_close(gram_matrix(features), expected)
    torch.testing.assert_close(measure(features, "gram_diagonal"), expected.diagonal())


def test_mean_and_deviation_are_those_of_each_channel():
    features = noise(1, 4, 3, 5)
    flat = features[0].reshape(4, 15)
    expected = torch.stack([flat.mean(1), ((flat - flat.mean(1, keepdim=True)) ** 2).mean(1).sqrt()])
    torch.testing.assert_close(measure(features, "mean_std"), expected)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_style_gradients_are_right_also_with_layers_behind(statistic, memory):
    target = statistic_target(measure(noise(1, 6, 4, 4, seed=7), statistic))
    features = noise(1, 6, 5, 4).to(memory_format=memory).requires_grad_()

    def loss(x):
        passed, style, _ = style_distance(x, target, statistic)
        return style * 3.0 + (passed**3).sum()

    assert torch.autograd.gradcheck(loss, (features,))
    assert torch.autograd.gradcheck(lambda x: style_distance(x, target, statistic)[1], (features,))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_distance_is_relative_to_the_energy_of_its_target(statistic):
    features = noise(1, 6, 5, 4)
    target = statistic_target(measure(features, statistic))
    assert style_distance(features, target, statistic)[1] == pytest.approx(0.0)
    assert float(distance(torch.zeros_like(target.value), target)) == pytest.approx(1.0)


def test_total_variation_is_a_mean_and_its_gradient_is_right():
    image = noise(1, 3, 5, 7)
    across, down = image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]
    torch.testing.assert_close(total_variation(image), (across**2).mean() + (down**2).mean())
    assert torch.autograd.gradcheck(total_variation, (image.requires_grad_(),))


@pytest.mark.parametrize(("height", "width"), [(1, 6), (6, 1), (1, 1)])
def test_a_single_row_of_pixels_varies_only_along_itself(height, width):
    image = noise(1, 3, height, width)
    steps = image.flatten(2).diff()
    expected = (steps**2).sum() / max(1, steps.numel())
    torch.testing.assert_close(total_variation(image), expected)
    assert torch.autograd.gradcheck(total_variation, (image.requires_grad_(),))


def test_the_loss_is_the_formula_of_the_paper(objective, backbone):
    weights = LossWeights(
        content=2.0, style=0.5, total_variation=0.3, content_layers=(0, 0, 1.0, 0.5, 0),
        style_layers=(2.0, 0, 0, 0, 1.0), mix=(3.0, 1.0),
    )  # fmt: skip
    picture = noise(1, 3, 64, 64, seed=9, dtype=torch.float32)
    photo, *paintings = (noise(1, 3, 64, 64, seed=seed, dtype=torch.float32) for seed in range(3))
    seen, kept = backbone(picture, backbone.scales), backbone(photo, backbone.scales)
    learnt = [backbone(painting, backbone.scales) for painting in paintings]

    def content(tap):
        return ((seen[tap] - kept[tap]) ** 2).mean() / (kept[tap] ** 2).mean()

    def style(tap):
        goal = 0.75 * gram_matrix(learnt[0][tap]) + 0.25 * gram_matrix(learnt[1][tap])
        return ((gram_matrix(seen[tap]) - goal) ** 2).sum() / (goal**2).sum()

    expected = 2.0 * (1.0 * content("fire5") + 0.5 * content("fire7")) / 1.5
    expected = expected + 0.5 * STYLE_SCALE * (2.0 * style("relu1") + style("fire9")) / 3.0
    expected = expected + 0.3 * TV_SCALE * total_variation(picture)
    evaluation = objective.look(picture, weights)
    assert evaluation.loss == pytest.approx(float(expected), rel=1e-4)
    assert evaluation.loss == pytest.approx(
        evaluation.content + evaluation.style + evaluation.total_variation, rel=1e-5
    )


def test_the_gradient_points_to_a_lower_loss(objective):
    weights = LossWeights(total_variation=0.2)
    picture = noise(1, 3, 64, 64, seed=9, dtype=torch.float32)
    evaluated = objective.begin(picture, weights)
    gradient = evaluated.backward()
    step = 1e-3 / float(gradient.norm())
    lower = objective.look(picture - step * gradient, weights).loss
    assert evaluated.evaluation.loss - lower == pytest.approx(1e-3 * float(gradient.norm()), rel=0.1)


layers = st.tuples(*[st.sampled_from([0.0, 0.25, 1.0, 3.0])] * 5)


@pytest.fixture(scope="module")
def looked_at(backbone):
    """An objective, a picture, and what was seen in it with every layer counting."""
    pictures = [noise(1, 3, 32, 32, seed=seed, dtype=torch.float32) for seed in range(3)]
    objective = StyleObjective(backbone, "gram", pictures[0], pictures[1:])
    picture = noise(1, 3, 32, 32, seed=9, dtype=torch.float32)
    return objective, picture, objective.look(picture, LossWeights(content_layers=(1.0,) * 5, style_layers=(1.0,) * 5))


@given(content=layers, style=layers, mix=st.sampled_from([(), (1.0, 0.0), (0.2, 0.8)]))
def test_other_weights_are_reckoned_without_the_network(looked_at, content, style, mix):
    objective, picture, evaluation = looked_at
    other = LossWeights(
        content=0.7, style=2.0, total_variation=1.5, content_layers=content, style_layers=style, mix=mix
    )
    assert objective.reweigh(evaluation, picture, other) == pytest.approx(objective.look(picture, other).loss, rel=1e-4)


def test_a_layer_that_was_not_looked_at_cannot_be_reckoned(objective):
    picture = noise(1, 3, 64, 64, seed=9, dtype=torch.float32)
    evaluation = objective.look(picture, LossWeights(style_layers=(1.0, 0, 0, 0, 0)))
    assert objective.reweigh(evaluation, picture, LossWeights()) is None


def test_with_every_weight_at_zero_the_loss_is_zero_and_nothing_moves(objective):
    nothing = LossWeights(content=0.0, style=0.0)
    evaluated = objective.begin(noise(1, 3, 64, 64, dtype=torch.float32), nothing)
    assert evaluated.evaluation.loss == 0.0
    assert not evaluated.backward().any()


@given(
    mix=st.lists(st.floats(0.0, 5.0), max_size=5),
    paintings=st.integers(1, 4),
)
def test_shares_of_the_paintings_sum_to_one(mix, paintings):
    shares = LossWeights(mix=tuple(mix)).shares(paintings)
    assert len(shares) == paintings
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0.0


def test_an_evaluation_can_be_given_up_in_either_half(objective):
    picture = noise(1, 3, 64, 64, seed=9, dtype=torch.float32)
    untouched = objective.begin(picture, LossWeights())
    expected = untouched.backward()

    class Enough(Exception):  # noqa: N818
        pass

    calls = []

    def after(number):
        def interrupt():
            calls.append(number)
            if len(calls) > number:
                raise Enough

        return interrupt

    with pytest.raises(Enough):
        objective.begin(picture, LossWeights(), after(3))
    calls.clear()
    half = objective.begin(picture, LossWeights(), after(15))
    with pytest.raises(Enough):
        half.backward()
    assert torch.equal(objective.begin(picture, LossWeights()).backward(), expected)
