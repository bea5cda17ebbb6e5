"""Settings are described once; what is inherited stands where a form wants it; a neutral blending changes nothing."""

from typing import ClassVar

import numpy as np
import pytest

from studio.core.blending import Blending
from studio.core.compositing import compose
from studio.core.settings import Settings, describe, setting
from studio.core.style_settings import StyleSettings


class Repainting(Blending):
    """A task's settings that inherit those of its blending, and name a network."""

    leading: ClassVar[tuple[str, ...]] = ("model", "Detail")

    detail: float = setting(0.5, label="Detail", help="How fine.", low=0.0, high=1.0, group="Detail")
    model: str = setting("own", label="Model", help="Which.", offers="restorer", choices={"own": "Our own"})


def test_what_leads_stands_before_what_is_inherited():
    assert [info.name for info in describe(Repainting)] == [
        "model", "detail", "strength", "original_colours", "saturation", "blend"
    ]  # fmt: skip


def test_a_style_shows_its_groups_in_the_order_that_artists_know():
    infos = describe(StyleSettings)
    assert list(dict.fromkeys(info.group for info in infos)) == [
        "", "Strokes", "Kept from the photo", "Colour", "Mix", "Size and steps", "Network"
    ]  # fmt: skip
    first = [info.name for info in infos if info.group == ""]
    assert first == ["method", "fast_style", "strength", "style_weight", "content_weight"]


def test_a_setting_says_which_networks_it_names():
    model = describe(Repainting)[0]
    assert (model.kind, model.offers, model.choices) == ("text", "restorer", {"own": "Our own"})
    assert {info.name: info.offers for info in describe(StyleSettings) if info.offers} == {
        "fast_style": "fast_style", "backbone": "backbone"
    }  # fmt: skip


def test_a_plain_field_is_described_too():
    class Plain(Settings):
        count: int = 3

    (info,) = describe(Plain)
    assert (info.label, info.kind, info.default, info.low, info.effect) == ("count", "integer", 3, None, "restart")


@pytest.mark.parametrize(
    ("change", "neutral"),
    [({}, True), ({"strength": 0.99}, False), ({"blend": "screen"}, False), ({"saturation": 1.01}, False),
     ({"original_colours": 0.01}, False), ({"detail": 0.1}, True)],
)  # fmt: skip
def test_neutral_is_what_leaves_the_layer_as_it_is(change, neutral):
    settings = Repainting(**change)
    assert settings.is_neutral is neutral
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (8, 9, 3), np.uint8)
    layer = random.integers(0, 65536, (8, 9, 3), np.uint16)
    assert np.array_equal(compose(photo, layer, settings), layer) is neutral


def test_a_fast_style_sees_to_its_strength_itself():
    assert StyleSettings(method="instant", strength=0.3).is_neutral
    assert not StyleSettings(strength=0.3).is_neutral
