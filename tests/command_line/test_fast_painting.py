"""`atelier stylize --fast`: painted at once, and made again."""

import json

import numpy as np
import pytest
from fast_style_kit import write_fast_style, write_finished_run
from studio_kit import write_painting, write_photo

from studio.core.images import load_picture, read_recipe


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png")


def test_a_packaged_fast_style_paints_and_is_replayed_to_the_same_pixels(photo, tmp_path, atelier):
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    code, stdout, stderr = atelier(
        "stylize", photo, "--fast", "fast-town", "-o", out, "--size", 96, "--strength", 0.8, "--events"
    )
    assert code == 0, stderr
    assert {json.loads(line)["type"] for line in stdout.splitlines()} >= {"progress", "preview", "result"}
    recipe = read_recipe(out)
    assert (recipe.settings["method"], recipe.settings["fast_style"]) == ("instant", "fast-town")
    assert [record.name for record in recipe.weights] == ["fast-town"]
    code, stdout, stderr = atelier("replay", out, "-o", again, "--events")
    assert code == 0, stderr
    assert json.loads(stdout.splitlines()[-1])["identical"]


def test_a_file_and_a_run_can_be_named_as_well(photo, tmp_path, atelier):
    file = write_fast_style(tmp_path / "own.safetensors")
    run = write_finished_run(tmp_path / "my run")
    for number, name in enumerate((file, run)):
        out = tmp_path / f"{number}.png"
        code, _, stderr = atelier("stylize", photo, "--fast", name, "-o", out, "--size", 96)
        assert code == 0, stderr
    assert np.array_equal(load_picture(tmp_path / "0.png").pixels, load_picture(tmp_path / "1.png").pixels)


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--fast", "nobody"), "no fast style called"), (("--fast", "atelier-slim"), "no fast style called"),
     (("--backbone", "fast-town", "painting.png"), "is a fast style"),
     (("--fast", "fast-town", "painting.png"), "knows its painting")],
)  # fmt: skip
def test_wrong_words_are_told_before_anything_is_painted(photo, tmp_path, atelier, words, told):
    painting = write_painting(tmp_path / "painting.png")
    given = [str(painting) if word == "painting.png" else word for word in words]
    code, _, stderr = atelier("stylize", photo, *given, "-o", tmp_path / "out.png")
    assert code == 2
    assert told in stderr
    assert not (tmp_path / "out.png").exists()
