"""A look on the command line: by name, from a file, from a picture; flags stand above it."""

import numpy as np
import pytest
from studio_kit import UNTRAINED, write_painting, write_photo

from studio.cli import main
from studio.core.images import read_recipe, save_picture
from studio.core.looks import built_in_looks
from studio.core.presets import SUFFIX, Look, LookFolder
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings

FREE = next(look for look in built_in_looks("stylize", StyleSettings) if look.name == "Free")


@pytest.fixture
def painted(tmp_path, capsys):
    def paint(*flags):
        photo, painting = write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "painting.png")
        quick = ("--size", "64", "--steps", "2", "--backbone", UNTRAINED)
        assert main(["stylize", str(photo), str(painting), "-o", str(tmp_path / "out.png"), *quick, *flags]) == 0
        return StyleSettings.model_validate(read_recipe(tmp_path / "out.png").settings)

    return paint


def test_a_look_that_comes_along_is_begun_with(painted):
    settings = painted("--look", "free")
    assert {name: getattr(settings, name) for name in FREE.settings} == FREE.settings
    assert settings.size == 64


def test_a_flag_stands_above_the_look(painted):
    assert painted("--look", "Free", "--stroke-size", "0.5").stroke_size == 0.5


def test_ones_own_look_is_known_by_name(painted):
    LookFolder.standard().keep(Look("Evening", "stylize", {"style_weight": 6.0}))
    assert painted("--look", "evening").style_weight == 6.0


def test_a_file_and_a_picture_bring_their_look(painted, tmp_path):
    shared = tmp_path / f"shared{SUFFIX}"
    shared.write_bytes(Look("Mine", "stylize", {"style_weight": 5.0}).to_json())
    assert painted("--look", str(shared)).style_weight == 5.0
    recipe = Recipe(task="stylize", settings=StyleSettings(style_weight=3.0, size=999, backbone=UNTRAINED).model_dump())
    save_picture(tmp_path / "made.png", np.full((8, 8, 3), 90, np.uint8), recipe=recipe)
    assert painted("--look", str(tmp_path / "made.png")).style_weight == 3.0


def test_an_unknown_look_names_those_there_are(tmp_path, capsys):
    photo, painting = write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "painting.png")
    assert main(["stylize", str(photo), str(painting), "-o", str(tmp_path / "out.png"), "--look", "Baroque"]) == 2
    said = capsys.readouterr().err
    assert "argument --look: “Baroque” cannot be read" in said
    assert "Faithful, Painted, Free" in said
