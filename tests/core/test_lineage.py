from studio.core.lineage import Trunk, in_stacks, trunk_of
from studio.core.recipes import InputRecord, Recipe, SteeringStep

PHOTO = InputRecord(role="content", name="photo.png", sha256="a" * 64)


def step(at, action="settings", **changes):
    return SteeringStep(at=at, action=action, changes=changes)


def recipe(*steering, initial=None, inputs=(PHOTO,), **settings):
    return Recipe(task="stylize", settings=settings, inputs=inputs, initial=initial, steering=steering)


PAINTED = recipe(step(30, style_weight=2.0), initial={"style_weight": 1.0}, style_weight=2.0)
"""Steered once, and finished."""


def of_one_painting(one, other):
    first, second = trunk_of(one), trunk_of(other)
    assert first.is_of_one_painting_with(second) is second.is_of_one_painting_with(first)
    return first.is_of_one_painting_with(second)


def test_a_continuation_of_the_finished_picture_is_of_the_same_painting():
    on = recipe(
        step(30, style_weight=2.0), step(2**31 - 1, "branch", content_weight=3.0), step(5, content_weight=4.0),
        initial={"style_weight": 1.0}, content_weight=4.0,
    )  # fmt: skip
    assert of_one_painting(PAINTED, on)


def test_another_way_from_an_earlier_frame_is_of_the_same_painting():
    earlier = recipe(step(12, "branch", style_weight=0.5), initial={"style_weight": 1.0}, style_weight=0.5)
    assert of_one_painting(PAINTED, earlier)
    stopped = recipe(step(20, "stop"), style_weight=1.0)
    assert of_one_painting(PAINTED, stopped)


def test_a_painting_begun_alike_but_steered_otherwise_is_another():
    assert not of_one_painting(PAINTED, recipe(step(30, style_weight=3.0), initial={"style_weight": 1.0}))
    assert not of_one_painting(PAINTED, recipe(step(29, style_weight=2.0), initial={"style_weight": 1.0}))
    late = recipe(step(40, "branch"), initial={"style_weight": 1.0})  # it came there without the step at 30
    assert not of_one_painting(PAINTED, late)


def test_other_settings_another_photo_or_another_task_begin_another_painting():
    other_photo = InputRecord(role="content", name="photo.png", sha256="b" * 64)
    begun = recipe(style_weight=1.0)
    assert of_one_painting(begun, recipe(style_weight=1.0, inputs=(PHOTO.model_copy(update={"name": "renamed.png"}),)))
    assert not of_one_painting(begun, recipe(style_weight=1.1))
    assert not of_one_painting(begun, recipe(style_weight=1.0, inputs=(other_photo,)))
    assert not of_one_painting(begun, begun.model_copy(update={"task": "adjust"}))


def test_stacks_keep_their_order_and_what_tells_nothing_stays_alone():
    a, b = Trunk("a"), Trunk("b", ((3, "x"),))
    things = [("first a", a), ("stranger", None), ("b", b), ("other b", Trunk("b")), ("second a", a), ("lost", None)]
    assert in_stacks(things) == (("first a", "second a"), ("stranger",), ("b",), ("other b",), ("lost",))
