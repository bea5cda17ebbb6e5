"""`atelier restore` where holes are filled: which flag names the hole, what was found, and what is refused."""

import numpy as np
import pytest
from PIL import Image
from retouch_kit import SMALL_DETECTOR, SMALL_FILLER, small_filler, soft_photo, white_detector, write_network

from studio.core.images import load_picture, read_recipe


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in: a photo with a white line, its hole, and two networks."""
    pixels, hole = soft_photo(48, 60), np.zeros((48, 60), np.uint8)
    pixels[20:23, 5:50], hole[20:23, 5:50] = 255, 255
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    Image.fromarray(hole).save(tmp_path / "hole.png")
    write_network(tmp_path / "white.safetensors", white_detector(), SMALL_DETECTOR)
    write_network(tmp_path / "filler.safetensors", small_filler(), SMALL_FILLER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


NETWORKS = ("--inpainter", "filler.safetensors", "--scratch-detector", "white.safetensors")


def test_the_mask_is_the_hole_where_one_is_filled(atelier, folder):
    code, _, stderr = atelier(
        "restore", "photo.png", "-o", "out.png", "--mode", "fill", "--mask", "hole.png", *NETWORKS
    )
    assert code == 0, stderr
    hole = np.asarray(Image.open(folder / "hole.png")) > 0
    photo, made = (load_picture(folder / name).pixels for name in ("photo.png", "out.png"))
    assert np.array_equal(made[~hole], photo[~hole])
    assert made[hole].max() < 230
    assert [used.role for used in read_recipe(folder / "out.png").inputs] == ["content", "hole"]
    code, _, stderr = atelier("replay", "out.png", "-o", "again.png")
    assert code == 0, stderr
    assert "Every pixel is the same" in stderr


def test_what_was_found_is_kept_where_that_is_asked_for(atelier, folder):
    code, stdout, stderr = atelier(
        "restore", "photo.png", "-o", "out.png", "--mode", "scratches", "--mask-out", "found.png", "--events", *NETWORKS
    )
    assert code == 0, stderr
    assert '"mask": "found.png"' in stdout
    found = np.asarray(Image.open(folder / "found.png").convert("L"))
    assert np.array_equal(found, np.asarray(Image.open(folder / "hole.png")))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "fill"), "there is no hole"),
        (("--mode", "enhance", "--mask-out", "found.png"), "nothing is looked for"),
        (("--mode", "scratches", "--mask", "hole.png", "--mask-out", "found.png"), "nothing is looked for"),
        (("--mode", "scratches", "--mask-out", "photo.png"), "would be overwritten"),
        (("--mode", "scratches", "--mask-out", "found.doc"), "has to end in"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_work(atelier, folder, arguments, words):
    code, _, stderr = atelier("restore", "photo.png", "-o", "out.png", *arguments)
    assert code == 2
    assert words in stderr
    assert not (folder / "out.png").exists()


def test_one_mask_file_is_not_for_many_photos(atelier, folder):
    code, _, stderr = atelier("restore", "photo.png", "-o", "results", "--mode", "scratches", "--mask-out", "found.png")
    assert code == 2
    assert "name a file, such as" in stderr
