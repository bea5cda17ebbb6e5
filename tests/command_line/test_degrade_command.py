"""`atelier degrade`: photos damaged as the library does it, pairs by name, and what was drawn in the file."""

import json

import numpy as np
import pytest
from PIL import Image
from studio_kit import write_photo

from models.degradation_presets import PRESETS
from models.degradations import degrade
from studio.core.images import load_picture, read_recipe
from studio.core.picture_metadata import digital_source_type
from studio.training.data.sampler import seed_of


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", 160, 120)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"


@pytest.mark.parametrize(
    "preset",
    ["lesson7-critic", "lesson7-sr", "web", "old-photo", "watermark", "black-and-white", "cut-outs", "edges"],
)  # fmt: skip
def test_every_preset_is_what_the_library_makes_of_file_and_seed(atelier, photo, out, preset):
    code, stdout, stderr = atelier("degrade", photo, "-o", out / "out.png", "--preset", preset, "--seed", 4)
    assert code == 0, stderr
    assert stdout.strip() == str(out / "out.png")
    original, result = load_picture(photo), load_picture(out / "out.png")
    expected = degrade(original.pixels, PRESETS[preset], seed_of(4, original.sha256))
    assert np.array_equal(result.pixels, expected.picture)
    assert result.recipe.drawn == expected.drawn
    assert result.recipe.settings["recipe"]["name"] == preset
    assert digital_source_type(result.recipe) is None  # no network had a part in it


def test_a_folder_keeps_names_and_folders_and_does_nothing_twice(atelier, tmp_path, out):
    for name in ("a.png", "rome/b.jpg", "rome/day 2/c.png"):
        write_photo(tmp_path / "holiday" / name, 48, 32)
    (tmp_path / "holiday" / "broken.png").write_bytes(b"no picture")
    command = ("degrade", tmp_path / "holiday", "-o", out, "--preset", "cut-outs", "--seed", 1)
    code, stdout, stderr = atelier(*command)
    assert code == 1
    assert stdout.splitlines() == [str(out / name) for name in ("a.png", "rome/b.png", "rome/day 2/c.png")]
    assert "broken.png" in stderr
    assert "4 photos: 3 degraded, 1 failed." in stderr
    drawn = [str(read_recipe(out / name).drawn) for name in ("a.png", "rome/day 2/c.png")]
    assert drawn[0] == drawn[1]  # the same photo, wherever it lies
    assert "3 done before" in atelier(*command)[2]
    assert "3 degraded" in atelier(*command[:-1], 2)[2]  # another seed, other damage


def test_results_never_lie_among_the_photos_under_their_names(atelier, tmp_path):
    photo = write_photo(tmp_path / "holiday" / "a.png", 48, 32)
    before = photo.read_bytes()
    code, _, stderr = atelier("degrade", tmp_path / "holiday", "-o", tmp_path / "holiday")
    assert code == 1
    assert "Choose another folder" in stderr
    assert photo.read_bytes() == before


def test_a_jpeg_beside_a_png_of_the_same_name_both_come_out(atelier, tmp_path, out):
    for name in ("a.png", "a.jpg"):
        write_photo(tmp_path / "two" / name, 48, 32)
    assert atelier("degrade", tmp_path / "two", "-o", out)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg.png", "a.png.png"]


@pytest.mark.parametrize("mode", ["L", "RGBA", "1", "P", "I;16", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (30, 20)])
def test_pictures_of_every_kind_go_in(atelier, tmp_path, out, mode, size):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8))
    source = tmp_path / ("photo.tif" if mode == "CMYK" else "photo.png")
    (picture.convert("L").convert(mode) if mode == "I;16" else picture.convert(mode)).save(source)
    code, _, stderr = atelier("degrade", source, "-o", out / "out.png", "--preset", "web", "--seed", 2)
    assert code == 0, stderr
    assert load_picture(out / "out.png").pixels.shape[:2] == size[::-1]


def test_transparency_stays_at_the_size_of_the_result(atelier, tmp_path, out):
    pixels = np.zeros((200, 300, 4), np.uint8)
    pixels[:, 150:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "half.png")
    atelier("degrade", tmp_path / "half.png", "-o", out / "out.png", "--preset", "lesson7-sr")
    alpha = load_picture(out / "out.png").pixels[..., 3]
    assert alpha.shape == (96, 144)
    assert alpha[:, :70].max() == 0
    assert alpha[:, 74:].min() == 255


def test_it_is_replayed_to_the_bit_from_its_own_recipe(atelier, photo, out):
    atelier("degrade", photo, "-o", out / "out.png", "--seed", 9)
    code, _, stderr = atelier("replay", out / "out.png", "-o", out / "again.png", "--input", photo)
    assert code == 0
    assert "Every pixel is the same" in stderr


def test_ones_own_recipe_is_a_file(atelier, photo, out, tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"name": "mine", "steps": [{"kind": "jpeg", "quality": [7, 7]}]}))
    assert atelier("degrade", photo, "-o", out / "out.png", "--recipe", own)[0] == 0
    assert read_recipe(out / "out.png").drawn == ({"step": 0, "kind": "jpeg", "quality": 7},)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [('{"steps": [{"kind": "fog"}]}', "argument --recipe"), ("nonsense", "holds no JSON"), (None, "cannot be read"),
     ('{"steps": [{"kind": "jpeg", "quality": [90, 10]}]}', "90 to 10 is no range")],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_told_first(atelier, photo, out, tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "own.json").write_text(content)
    code, _, stderr = atelier("degrade", photo, "-o", out / "out.png", "--recipe", tmp_path / "own.json")
    assert code == 2
    assert complaint in stderr
    assert not out.exists()


def test_a_preset_and_a_recipe_are_one_too_many(atelier, photo, out, tmp_path):
    (tmp_path / "own.json").write_text("{}")
    both = ("--preset", "web", "--recipe", tmp_path / "own.json")
    code, _, stderr = atelier("degrade", photo, "-o", out / "out.png", *both)
    assert code == 2
    assert "leave out" in stderr


def test_a_preset_that_is_none_is_refused_with_those_that_are(atelier, photo, out):
    code, _, stderr = atelier("degrade", photo, "-o", out / "out.png", "--preset", "fog")
    assert code == 2
    assert "old-photo" in stderr
