"""`atelier translate` and `atelier train cyclegan`: from two folders to a picture of the other world."""

import cv2
import numpy as np
import pytest
import torch
from studio_kit import write_photo
from translator_kit import BOTH_WAYS, lively, write_translator

from models.cyclegan import ResnetGenerator
from models.foreign_translators import to_junyanz
from studio.core.images import load_picture, read_recipe, save_picture
from studio.core.recipes import InputRecord


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Pairs of one's own, in the folder that one works in."""
    folder = tmp_path / "work"
    write_translator(folder / "pair.safetensors", BOTH_WAYS)
    torch.save(to_junyanz(lively(ResnetGenerator(4, 1))), folder / "latest_net_G.pth")
    monkeypatch.chdir(folder)
    return folder


def test_a_photo_is_translated_and_made_again(atelier, tmp_path, models):
    photo, out = write_photo(tmp_path / "photo.png", 40, 28), tmp_path / "out.png"
    code, stdout, stderr = atelier(
        "translate", photo, "-o", out, "--model", "pair.safetensors", "--direction", "BtoA", "--strength", 0.8
    )
    assert (code, stdout.strip()) == (0, str(out)), stderr
    recipe = read_recipe(out)
    assert (recipe.task, recipe.settings["direction"], recipe.settings["strength"]) == ("translate", "BtoA", 0.8)
    code, _, stderr = atelier("replay", out, "-o", tmp_path / "again.png")
    assert code == 0, stderr
    assert "Every pixel is the same" in stderr


def test_sixteen_bits_come_out_as_sixteen_by_other_peoples_generators_too(atelier, tmp_path, models):
    ramp = np.linspace(20_000, 24_000, 40 * 40).reshape(40, 40).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.tif"), np.dstack([ramp] * 3))
    code, _, stderr = atelier(
        "translate", tmp_path / "deep.tif", "-o", tmp_path / "o.tif", "--model", "latest_net_G.pth"
    )
    assert code == 0, stderr
    deep = cv2.imread(str(tmp_path / "o.tif"), cv2.IMREAD_UNCHANGED)
    assert deep.dtype == np.uint16
    assert len(np.unique(deep)) > 500


def test_hidden_layers_of_a_drawing_change_nothing_and_come_along(atelier, tmp_path, models):
    sheet, layers = write_photo(tmp_path / "sheet.png", 40, 28), {}
    for name, colour in (("seen", (0, 0, 200, 255)), ("hidden", (0, 200, 0, 255))):
        drawn = np.zeros((28, 40, 4), np.uint8)
        drawn[8:20, 10:30] = colour
        layers[name] = tmp_path / f"{name}.png"
        cv2.imwrite(str(layers[name]), drawn)
    out = tmp_path / "out.png"
    code, _, stderr = atelier(
        "translate", sheet, "-o", out, "--model", "pair.safetensors", "--mode", "draw", "--sketch", layers["seen"]
    )
    assert code == 0, stderr
    picture, hidden = load_picture(out), load_picture(layers["hidden"])
    there = InputRecord(role="unseen-1", name="hidden.png", sha256=hidden.sha256)
    gone = InputRecord(role="unseen-0", name="gone.png", sha256="0" * 64)
    with_both = picture.recipe.model_copy(update={"inputs": (*picture.recipe.inputs, gone, there)})
    save_picture(out, picture.pixels, recipe=with_both)
    code, _, stderr = atelier("replay", out, "-o", tmp_path / "again.png")
    assert code == 0, stderr
    assert np.array_equal(load_picture(tmp_path / "again.png").pixels, picture.pixels)
    assert read_recipe(tmp_path / "again.png").inputs == with_both.inputs


def test_a_folder_is_translated(atelier, tmp_path, models):
    for name in ("a.png", "rome/b.jpg"):
        write_photo(tmp_path / "holiday" / name, 24, 20)
    code, stdout, stderr = atelier(
        "translate", tmp_path / "holiday", "-o", tmp_path / "out", "--model", "pair.safetensors"
    )
    assert code == 0, stderr
    assert stdout.splitlines() == [
        str(tmp_path / "out" / name) for name in ("a translated.png", "rome/b translated.png")
    ]


def test_what_is_missing_is_told_before_the_work_begins(atelier, tmp_path, models):
    photo = write_photo(tmp_path / "photo.png", 24, 20)
    code, _, stderr = atelier("translate", photo, "-o", tmp_path / "out.png")
    assert (code, "--model" in stderr) == (2, True)
    code, _, stderr = atelier("translate", photo, "-o", tmp_path / "out.png", "--model", "nothing")
    assert code == 2
    assert "There is no translator called “nothing”" in stderr


def test_two_folders_become_a_pair_that_translates(atelier, tmp_path):
    for side in ("photo", "painting"):
        for number in range(5):
            write_photo(tmp_path / side / f"{number}.png", 40, 36)
    code, _, stderr = atelier(
        "train", "cyclegan", "--data-a", tmp_path / "photo", "--data-b", tmp_path / "painting", "-o", tmp_path / "run",
        "--preset", "fast", "--steps", 2, "--size", 32, "--width", 4, "--blocks", 1, "--critic-width", 4,
        "--kid-crops", 0, "--workers", 0,
    )  # fmt: skip
    assert code == 0, stderr
    photo = write_photo(tmp_path / "new.png", 36, 40)
    code, _, stderr = atelier("translate", photo, "-o", tmp_path / "made.png", "--model", tmp_path / "run")
    assert code == 0, stderr
    assert load_picture(tmp_path / "made.png").pixels.shape == (40, 36, 3)
