"""Looks: what belongs to one, what a file of one may say, and how one is put on."""

import json
from random import Random

import pytest

from studio.core.adjust_settings import AdjustSettings
from studio.core.failures import StudioError
from studio.core.looks import LOOKS, SURPRISES, built_in_looks, surprise
from studio.core.picture_tasks import picture_task_named
from studio.core.presets import SUFFIX, Look, LookFolder, read_look_file
from studio.core.recipes import Recipe
from studio.core.settings import describe
from studio.core.style_settings import StyleSettings

BOLD = StyleSettings(style_weight=4.0, stroke_size=2.0, saturation=1.2, size=640, seed=3, style_mix=(1.0, 0.5))


@pytest.fixture
def folder(tmp_path):
    return LookFolder(tmp_path / "looks")


def test_a_look_holds_neither_size_nor_seed_nor_a_mix_of_certain_paintings():
    look = Look.of(BOLD, "Bold", "stylize")
    assert look.settings["style_weight"] == 4.0
    assert not {"size", "seed", "style_mix"} & set(look.settings)
    other = StyleSettings(size=256, seed=9)
    put_on = look.applied_to(other)
    assert put_on == BOLD.model_copy(update={"size": 256, "seed": 9, "style_mix": ()})
    assert look.is_on(put_on)
    assert not look.is_on(other)


def test_a_look_holds_only_what_acts():
    instant = Look.of(StyleSettings(method="instant", strength=0.7), "Fast", "stylize").settings
    assert set(instant) == {"method", "fast_style", "strength", "original_colours", "saturation", "blend"}
    assert "fast_style" not in Look.of(StyleSettings(), "Live", "stylize").settings
    texture = Look.of(StyleSettings(mode="texture"), "Texture", "stylize").settings
    assert not [name for name in texture if name.startswith("content_")]


def test_a_look_of_an_adjusted_photo_leaves_its_crop_alone():
    look = Look.of(AdjustSettings(exposure=0.5, crop=(0.1, 0.1, 0.9, 0.9), angle=3.0, turn="90"), "Evening", "adjust")
    there = AdjustSettings(crop=(0.0, 0.0, 0.5, 0.5), flip="horizontal")
    assert look.applied_to(there) == there.model_copy(update={"exposure": 0.5})


def test_a_file_brings_a_look_back(folder):
    look = Look.of(BOLD, "Bold & “wild”", "stylize")
    path = folder.keep(look)
    assert path.suffix == SUFFIX
    assert read_look_file(path) == look
    assert folder.looks("stylize") == (look,)
    assert folder.looks("adjust") == ()


def test_a_file_by_hand_or_of_a_later_version_is_read_as_far_as_it_is_understood():
    told = {
        "atelier_look": 7, "name": " Loud\n one ", "task": "stylize", "mood": "dark",
        "settings": {"style_weight": 99, "stroke_size": "large", "glaze": 0.5, "start_from": "noise", "size": 64,
                     "blend": "burn", "saturation": True},
    }  # fmt: skip
    look = Look.from_json(json.dumps(told).encode(), "file").understood(StyleSettings)
    assert look.name == "Loud one"
    assert look.applied_to(StyleSettings()) == StyleSettings(style_weight=10.0, start_from="noise", saturation=1.0)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"task": "stylize"}', b'{"task": 1, "settings": {}}', b"\x89PNG", b"[" * 100_000]
)
def test_what_is_no_look_is_refused_in_words(data):
    with pytest.raises(StudioError, match="holds no look") as refused:
        Look.from_json(data, "thing")
    assert SUFFIX in refused.value.remedy


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(StudioError, match="cannot be read"):
        read_look_file(tmp_path / "gone.atelier-look")


def test_the_folder_replaces_a_look_of_the_same_name_and_passes_over_what_is_none(folder):
    folder.keep(Look.of(StyleSettings(), "calm", "stylize"))
    folder.keep(Look.of(BOLD, "Bold", "stylize"))
    newer = Look.of(StyleSettings(style_weight=0.5), "Calm", "stylize")
    folder.keep(newer)
    (folder.folder / f"broken{SUFFIX}").write_bytes(b"{")
    assert [look.name for look in folder.looks("stylize")] == ["Bold", "Calm"]
    folder.remove(newer)
    folder.remove(newer)
    assert [look.name for look in folder.looks("stylize")] == ["Bold"]


@pytest.mark.parametrize("name", ["../../etc", "a/b\\c", "CON", "…" * 60, "0.5 × “x”?*"])
def test_no_name_leads_out_of_the_folder(folder, name):
    path = folder.keep(Look.of(BOLD, name, "stylize"))
    assert path.parent == folder.folder
    assert folder.looks("stylize")[0].name == name


def test_a_look_for_others_tells_no_folders():
    look = Look.of(StyleSettings(backbone="/home/me/nets/mine.safetensors"), "Mine", "stylize")
    assert look.told(StyleSettings).settings["backbone"] == "mine.safetensors"
    assert look.settings["backbone"] == "/home/me/nets/mine.safetensors"


def test_a_recipe_has_a_look():
    recipe = Recipe(task="stylize", settings=BOLD.model_dump() | {"unheard_of": 1})
    look = Look.of_recipe(recipe, "holiday", StyleSettings)
    assert look.applied_to(StyleSettings()) == BOLD.model_copy(
        update={"size": StyleSettings().size, "seed": 0, "style_mix": ()}
    )


@pytest.mark.parametrize("task", LOOKS)
def test_the_built_in_looks_can_be_told_apart_and_followed_by_one_another(task):
    model = picture_task_named(task).settings
    looks = built_in_looks(task, model)
    assert [look.understood(model) for look in looks] == list(looks)  # nothing misspelt, nothing out of range
    assert all(look.help for look in looks)
    for first in looks:
        for second in looks:
            settings = second.applied_to(first.applied_to(model()))
            assert [look.name for look in looks if look.is_on(settings)] == [second.name]


@pytest.mark.parametrize("task", SURPRISES)
def test_a_surprise_stays_within_its_ranges_and_is_another_each_time(task):
    model = picture_task_named(task).settings
    known = {info.name: info for info in describe(model)}
    drawn = [surprise(task, model(), Random(seed)) for seed in range(30)]
    assert len(set(drawn)) == 30
    from_noise = {settings for settings in drawn if settings.start_from == "noise"}
    assert from_noise
    assert all(4.0 <= settings.content_weight <= 6.0 for settings in from_noise)
    for name, ranged in SURPRISES[task].items():
        values = {getattr(settings, name) for settings in drawn
                  if name != "content_weight" or settings not in from_noise}  # fmt: skip
        assert known[name].look
        assert len(values) > 1
        if hasattr(ranged, "low"):
            assert ranged.low - 1e-9 <= min(values) <= max(values) <= ranged.high + 1e-9
    assert surprise(task, model(), Random(1)) == drawn[1]
