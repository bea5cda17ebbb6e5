"""`atelier restore`: one photo, folders, what is kept of a photo, and making it again."""

import cv2
import numpy as np
import pytest
from colouriser_kit import write_colouriser
from PIL import Image, ImageCms
from restorer_kit import ENHANCER, ENLARGER, write_foreign, write_restorer
from studio_kit import write_photo

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import load_picture, read_recipe
from studio.jobs.restore.choices import RestorersTask, list_restorers


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Networks of one's own, in the folder that one works in."""
    folder = tmp_path / "work"
    for name, facts in (("enlarger", ENLARGER), ("enhancer", ENHANCER)):
        write_restorer(folder / f"{name}.safetensors", facts)
    monkeypatch.chdir(folder)
    return folder


def test_a_photo_is_enlarged_and_made_again(atelier, tmp_path, models):
    photo, out = write_photo(tmp_path / "photo.png", 48, 36), tmp_path / "large.png"
    code, stdout, stderr = atelier(
        "restore", photo, "-o", out, "--mode", "enlarge", "--scale", 2, "--model", "enlarger.safetensors",
        "--grain", 0.5, "--seed", 3,
    )  # fmt: skip
    assert code == 0, stderr
    assert stdout.strip() == str(out)
    assert load_picture(out).pixels.shape == (72, 96, 3)
    recipe = read_recipe(out)
    assert (recipe.task, recipe.settings["scale"], recipe.seed) == ("restore", "2", 3)
    assert recipe.weights[0].name == "enlarger.safetensors"
    code, _, stderr = atelier("replay", out, "-o", tmp_path / "again.png")
    assert code == 0, stderr
    assert "Every pixel is the same" in stderr


def test_what_a_photo_says_of_itself_stays(atelier, tmp_path, models):
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Camera", "Ada"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
    picture.save(tmp_path / "photo.jpg", exif=exif, icc_profile=profile)
    code, _, stderr = atelier(
        "restore", tmp_path / "photo.jpg", "-o", tmp_path / "out.jpg", "--model", "enhancer.safetensors"
    )
    assert code == 0, stderr
    with Image.open(tmp_path / "out.jpg") as saved:
        assert (saved.getexif()[0x010F], saved.getexif()[0x8298]) == ("Camera", "Ada")
        assert saved.info["icc_profile"]


def test_sixteen_bits_come_out_as_sixteen(atelier, tmp_path, models):
    ramp = np.linspace(20_000, 24_000, 48 * 48).reshape(48, 48).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.tif"), np.dstack([ramp] * 3))
    code, _, stderr = atelier(
        "restore",
        tmp_path / "deep.tif",
        "-o",
        tmp_path / "out.tif",
        "--model",
        "enhancer.safetensors",
        "--denoise",
        0.5,
    )
    assert code == 0, stderr
    made = cv2.imread(str(tmp_path / "out.tif"), cv2.IMREAD_UNCHANGED)
    assert made.dtype == np.uint16
    assert len(np.unique(made)) > 500


def test_a_folder_is_restored_once_with_its_folders(atelier, tmp_path, models):
    for name in ("a.png", "rome/b.jpg"):
        write_photo(tmp_path / "holiday" / name, 24, 20)
    command = (
        "restore", tmp_path / "holiday", "-o", tmp_path / "out", "--mode", "enlarge", "--model", "enlarger.safetensors"
    )  # fmt: skip
    code, stdout, stderr = atelier(*command)
    assert code == 0, stderr
    made = [tmp_path / "out" / name for name in ("a restored.png", "rome/b restored.png")]
    assert stdout.splitlines() == [str(path) for path in made]
    assert "2 photos: 2 restored." in stderr
    assert "2 done before" in atelier(*command)[2]


def test_what_cannot_be_had_is_told_in_one_line(atelier, tmp_path, models):
    photo = write_photo(tmp_path / "photo.png", 24, 20)
    code, _, stderr = atelier("restore", photo, "-o", tmp_path / "out.png", "--model", "nothing.safetensors")
    assert code == 1
    assert "There is no restorer called “nothing.safetensors”" in stderr
    assert "Traceback" not in stderr
    assert atelier("restore", photo, "-o", tmp_path / "out.png", "--scale", 3)[0] == 2


def test_an_imported_network_is_found_by_its_name(atelier, tmp_path, models):
    code, _, stderr = atelier("models", "import", models / "enlarger.safetensors")
    assert code == 0, stderr
    photo = write_photo(tmp_path / "photo.png", 24, 20)
    command = ("restore", photo, "-o", tmp_path / "out.png", "--mode", "enlarge", "--model", "enlarger")
    code, _, stderr = atelier(*command)
    assert code == 0, stderr


def test_other_peoples_networks_are_used_as_a_file_and_from_the_shelf(atelier, tmp_path, models):
    write_foreign(models / "2xSPAN.pth", "SPAN")
    photo = write_photo(tmp_path / "photo.png", 24, 20)
    command = ("restore", photo, "-o", tmp_path / "out.png", "--mode", "enlarge", "--model")
    code, _, stderr = atelier(*command, "2xSPAN.pth")
    assert code == 0, stderr
    assert load_picture(tmp_path / "out.png").pixels.shape == (40, 48, 3)
    code, _, stderr = atelier("models", "import", models / "2xSPAN.pth")
    assert code == 0, stderr
    found = {choice.name: choice for choice in finish(list_restorers(RestorersTask(), Controls(None)))}
    assert found["2xSPAN"].words == "2xSPAN · enlarges 2 ×"
    assert atelier(*command, "2xSPAN")[0] == 0
    code, _, stderr = atelier(*command, "2xSPAN", "--scale", 4)
    assert "2xSPAN enlarges 2-fold, and what is asked for enlarges 4-fold" in stderr


def test_a_photo_is_coloured_as_hinted_at_and_made_again(atelier, tmp_path, monkeypatch):
    monkeypatch.chdir(write_colouriser(tmp_path / "work" / "colour.safetensors").parent)
    photo, hints, out = write_photo(tmp_path / "photo.png", 48, 36), tmp_path / "hints.png", tmp_path / "coloured.png"
    dots = np.zeros((36, 48, 4), np.uint8)
    dots[10, 10], dots[30, 40] = (220, 40, 30, 255), (40, 60, 200, 255)
    Image.fromarray(dots).save(hints)
    code, _, stderr = atelier(
        "restore", photo, "-o", out, "--mode", "colourise", "--colouriser", "colour.safetensors", "--hints", hints
    )
    assert code == 0, stderr
    assert load_picture(out).pixels.shape == (36, 48, 3)
    recipe = read_recipe(out)
    assert (recipe.settings["mode"], [one.role for one in recipe.inputs]) == ("colourise", ["content", "hints"])
    code, _, stderr = atelier("replay", out, "-o", tmp_path / "again.png")
    assert code == 0, stderr
    assert "Every pixel is the same" in stderr
