"""What teachers show lies over what the pupil sees, cell by cell."""

import pytest
import torch

from models.backbones import untrained_backbone
from models.layerwise_fit import imitated_layers
from models.teachers import Teachers


@pytest.fixture(scope="module")
def teachers():
    return Teachers({name: untrained_backbone(name) for name in ("vgg19", "squeezenet1_1")})


def test_every_layer_is_as_large_as_the_tap_that_learns_it(teachers):
    seen = teachers(torch.rand(1, 3, 64, 96))
    for lesson in teachers.lessons:
        scale = int(lesson.tap[4]) - 1
        assert seen[lesson.layer].shape == (1, lesson.channels, 64 >> scale, 96 >> scale), lesson.layer


def test_a_cell_looks_at_the_place_where_it_lies():
    """A network that only averages tells of a slope where it looks; a maximum is off to one side, uphill."""
    averaging = untrained_backbone("squeezenet1_1")
    for module in averaging.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.fill_(1 / module.weight[0].numel())
    slope = (0.6 + 0.004 * (torch.arange(96) + 0.5)).expand(3, 96, 96)
    pictures = torch.stack([slope, slope.flip(2), torch.full_like(slope, 0.6), torch.full_like(slope, 1.0)])
    teachers = Teachers({"squeezenet": averaging})
    seen = teachers(pictures)
    for lesson in teachers.lessons:
        up, down, low, high = seen[lesson.layer].mean((1, 2))
        # against the slope a maximum is off to the other side
        places = ((up - down) / (high - low) * 0.2 / 0.004 + 48)[2:-2]
        stride = 96 // len(up)
        off = places - (torch.arange(len(up))[2:-2] + 0.5) * stride
        assert off.abs().max() < 0.26 * stride, lesson.layer  # by themselves half a cell and more


def test_an_even_picture_is_seen_evenly_up_to_its_borders(teachers):
    for layer, features in teachers(torch.full((1, 3, 64, 64), 0.3)).items():
        assert torch.allclose(features, features.mean((2, 3), keepdim=True).expand_as(features), atol=1e-3), layer


def test_squeezenet_teaches_what_was_found_to_be_worth_learning(teachers):
    lessons = {lesson.layer: lesson for lesson in teachers.lessons}
    assert lessons["squeezenet1_1.fire2"].tap == "relu3_1"
    assert lessons["squeezenet1_1.fire2"].weight == 0.3
    assert lessons["squeezenet1_1.fire8"].calm == 17
    assert lessons["vgg19.relu4_1"].calm == 1
    assert "squeezenet1_1.fire9" not in lessons


def test_every_convolution_has_layers_to_imitate():
    network = untrained_backbone("squeezenet1_1"), untrained_backbone("vgg16")
    imitated = imitated_layers(Teachers({"s": network[0], "v": network[1]}), (1, 2, 2, 2, 2))
    assert imitated == [
        ["v.relu1_1"], ["v.relu1_2"], ["s.relu1", "v.relu2_1"], ["s.fire2", "v.relu2_2"], ["s.fire3", "v.relu3_1"],
        ["s.fire4", "v.relu3_3"], ["s.fire5", "v.relu4_1"], ["s.fire7", "v.relu4_3"], ["s.fire8", "v.relu5_1"],
    ]  # fmt: skip


def test_nobody_may_be_asked_for_what_is_finer_than_a_teachers_first_layer():
    assert Teachers({"s": untrained_backbone("squeezenet1_1")}).missing == ("relu1_1",)
