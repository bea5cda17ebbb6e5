"""How large a restored photo becomes, and which scale takes it there."""

import pytest

from studio.core.restore_settings import RestoreSettings


@pytest.mark.parametrize(("longer_side", "scale"), [(300, 1), (301, 2), (600, 2), (601, 4), (5000, 4)])
def test_a_size_is_reached_with_the_smallest_scale_that_suffices(longer_side, scale):
    settings = RestoreSettings(mode="enlarge", scale="size", longer_side=longer_side)
    assert settings.for_photo(300, 200).enlargement == scale
    assert settings.size_of(300, 200) == (longer_side, round(longer_side * 2 / 3))


def test_a_size_is_reached_with_the_network_that_is_named():
    settings = RestoreSettings(mode="enlarge", scale="size", longer_side=320)
    assert settings.for_photo(300, 200, own=3).enlargement == 3


@pytest.mark.parametrize("settings", [RestoreSettings(scale="size"), RestoreSettings(mode="enlarge", scale="2")])
def test_without_a_size_to_reach_nothing_changes(settings):
    assert settings.for_photo(300, 200) is settings
    assert settings.size_of(300, 200) == (300 * settings.enlargement, 200 * settings.enlargement)


FILLS = {"proposal", "inpainter"}
FINDS = {"sensitivity", "scratch_detector"}
COLOURS = {"colouriser", "warmth"}
MENDS = {"denoise", "crisp", "grain", "model"}


def test_only_what_acts_is_worth_a_place():
    others = FILLS | FINDS | COLOURS | {"recolour"}
    assert RestoreSettings().idle == {"scale", "longer_side", "seed"} | others
    assert RestoreSettings(mode="enlarge", grain=0.5).idle == {"longer_side"} | others
    assert RestoreSettings(mode="enlarge", scale="size").idle == {"seed"} | others


def test_what_fills_holes_or_colours_has_settings_of_its_own():
    size = {"scale", "longer_side", "seed"}
    filling = size | MENDS | COLOURS | {"recolour"}
    assert RestoreSettings(mode="fill", grain=0.5).idle == filling | FINDS
    assert RestoreSettings(mode="text").idle == RestoreSettings(mode="scratches").idle == filling
    assert RestoreSettings(mode="old-photo").idle == size
    assert RestoreSettings(mode="old-photo", recolour="never", grain=0.5).idle == (size - {"seed"}) | COLOURS
    assert RestoreSettings(mode="fill", scale="size").size_of(300, 200) == (300, 200)
    assert RestoreSettings(mode="colourise", grain=0.5).idle == size | MENDS | FILLS | FINDS | {"recolour"}


def test_warmth_counts_where_there_are_colours_and_grain_where_something_is_mended():
    assert RestoreSettings(mode="colourise", grain=0.5, scale="4").is_neutral
    assert RestoreSettings(mode="colourise", scale="4").enlargement == 1
    assert RestoreSettings(mode="fill", grain=0.5).is_neutral
    assert not RestoreSettings(mode="colourise", warmth=0.1).is_neutral
    assert not RestoreSettings(mode="old-photo", warmth=0.1).is_neutral
    assert RestoreSettings(mode="old-photo", recolour="never", warmth=0.1).is_neutral
    assert RestoreSettings(warmth=0.1).is_neutral
