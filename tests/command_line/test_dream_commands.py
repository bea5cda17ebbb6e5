"""`atelier generate`, `interpolate`, `project` and `directions`: what they write, and what they refuse."""

import json

import cv2
import numpy as np
import pytest
import torch
from generator_kit import GeneratorFacts, lively, write_generator, write_pictures
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.latent import latents_of, pictures_of
from studio.core.checksums import sha256_of
from studio.core.dreams import seeds_in, seeds_told
from studio.core.images import read_recipe
from studio.jobs.dream_encoder import encoder_of
from studio.jobs.generators import opened_generator

FACTS = GeneratorFacts("styled", {"widths": [16, 16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 32)


@pytest.fixture
def run(tmp_path):
    """The folder of a finished run."""
    write_generator(tmp_path / "run" / "model.safetensors", FACTS)
    return tmp_path / "run"


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def expected(seed: int) -> np.ndarray:
    generator = lively(FACTS)
    for weight in generator.parameters():
        weight.data = weight.half().float()  # as it lies in the file
    made = pictures_of(generator, generator.map(latents_of([seed], 8)))
    return (made[0].permute(1, 2, 0) * 255).round().int().numpy()


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_seeds_are_read_as_they_are_told(seeds):
    assert seeds_in(seeds_told(seeds)) == tuple(seeds)


def test_seeds_are_numbers_and_rising_spans():
    assert seeds_in("0-3, 9,2") == (0, 1, 2, 3, 9, 2)
    assert seeds_told((0, 1, 2, 3, 9, 2)) == "0-3,9,2"
    for wrong in ("", "a", "3-1", "1-", "-1", "0-3000000000", "0-999999"):
        with pytest.raises(ValueError, match="seed"):
            seeds_in(wrong)


def test_one_picture_a_seed_lies_in_the_folder_each_with_its_recipe(run, tmp_path, atelier):
    code, _, _ = atelier("generate", "--model", run, "--seeds", "3,11-12", "-o", tmp_path / "out")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0003.png", "0011.png", "0012.png"]
    for seed in (3, 11):
        assert np.abs(pixels(tmp_path / "out" / f"{seed:04}.png") - expected(seed)).max() <= 1
    recipe = read_recipe(tmp_path / "out" / "0011.png")
    assert (recipe.task, recipe.settings) == ("generate", {"seeds": "11", "typical": 1.0})
    assert recipe.weights[0].sha256 == sha256_of(run / "model.safetensors")


def test_a_grid_shows_all_and_the_same_whatever_stands_beside_it(run, tmp_path, atelier):
    code, told, _ = atelier("generate", "--model", run, "--seeds", "0-4", "-o", tmp_path / "grid.png", "--events")
    assert code == 0
    grid = pixels(tmp_path / "grid.png")
    assert grid.shape == (64, 96, 3)
    assert np.abs(grid[32:, 32:64] - expected(4)).max() <= 1
    assert not grid[32:, 64:].any()
    assert json.loads(told.splitlines()[-1])["pictures"] == 5
    atelier("generate", "--model", run, "--seeds", "4", "-o", tmp_path / "one.png")
    assert np.array_equal(pixels(tmp_path / "one.png"), grid[32:, 32:64])


def test_the_most_typical_picture_is_the_same_for_every_seed(run, tmp_path, atelier):
    for seed in (1, 2):
        atelier("generate", "--model", run, "--seeds", seed, "--typical", 0, "-o", tmp_path / f"{seed}.png")
    assert np.array_equal(pixels(tmp_path / "1.png"), pixels(tmp_path / "2.png"))


def test_a_loop_of_frames_comes_back_and_a_walk_does_not(run, tmp_path, atelier):
    common = ("interpolate", "--model", run, "--seeds", "1,5", "--frames", 4)
    assert atelier(*common, "-o", tmp_path / "walk")[0] == 0
    assert atelier(*common, "--loop", "--curve", "spline", "-o", tmp_path / "loop")[0] == 0
    walk, loop = (sorted((tmp_path / name).iterdir()) for name in ("walk", "loop"))
    assert (len(walk), len(loop)) == (5, 8)
    for frames, place in ((walk, 4), (loop, 4)):
        assert np.abs(pixels(frames[0]) - expected(1)).max() <= 1
        assert np.abs(pixels(frames[place]) - expected(5)).max() <= 1


def test_a_walk_is_a_video_that_plays(run, tmp_path, atelier):
    code, _, _ = atelier("interpolate", "--model", run, "--seeds", "1,5,9", "--frames", 3, "-o", tmp_path / "walk.mp4")
    assert code == 0
    film = cv2.VideoCapture(str(tmp_path / "walk.mp4"))
    frames = []
    while (read := film.read())[0]:
        frames.append(read[1][..., ::-1].astype(int))
    assert len(frames) == 7
    assert np.abs(frames[0] - expected(1)).mean() < 16
    assert not list(tmp_path.glob("*part*"))


def test_a_picture_is_looked_for_and_how_alike_it_is_is_told(run, tmp_path, atelier):
    Image.fromarray(expected(77).astype(np.uint8)).save(tmp_path / "photo.png")
    code, told, _ = atelier(
        "project", tmp_path / "photo.png", "--model", run, "--steps", 12, "-o", tmp_path / "found.png"
    )
    assert code == 0
    assert told.startswith(f"{tmp_path / 'photo.png'}\t")
    sheet = pixels(tmp_path / "found.png")
    assert sheet.shape == (64, 32, 3)
    assert np.abs(sheet[:32] - expected(77)).max() <= 1
    assert np.abs(sheet[32:] - sheet[:32]).mean() < np.abs(expected(1) - sheet[:32]).mean()


def test_the_mirror_tells_copies_twins_and_what_is_left_out(run, tmp_path, atelier):
    data = write_pictures(tmp_path / "pictures", count=96, side=32)
    check = ("generate", "--model", run, "--seeds", "0-23", "--check", "-o", tmp_path / "sheet.png")
    code, told, _ = atelier(*check, "--data", data)
    assert code == 0
    first, *lines = told.splitlines()
    assert first.startswith("Of 24 of its pictures")
    figures = {words: told for words, *told in (line.split("\t") for line in lines)}
    distance, of_real = map(float, figures["kernel distance (KID)"])
    assert distance > 10 * abs(of_real)  # it never learnt from these
    assert figures["nearer to what was learnt than 99 % of new ones"] == ["0.0%"]
    made, real = (int(told.rstrip("%")) for told in figures["lie among real ones"])
    assert made < real / 2
    assert all(0 <= int(told.rstrip("%")) <= 100 for told in figures["of what is real known"])
    assert len(figures["as colourful as a quarter of the real ones"]) == 1
    assert pixels(tmp_path / "sheet.png").shape == (2 * 64, 12 * 32, 3)
    file = ("generate", "--model", run / "model.safetensors", *check[3:])
    code, _, said = atelier(*file)
    assert code == 1
    assert "Nobody knows what this generator learnt from" in said
    assert atelier(*file[:4], "1", *file[5:])[0] == 2  # one picture has no twin


def test_an_encoder_is_learnt_for_this_computer_or_into_a_file_that_is_a_generator_still(run, tmp_path, atelier):
    learn = ("encoder", "--model", run, "--steps", 2)
    before = sha256_of(run / "model.safetensors")
    assert atelier(*learn)[0] == 0
    assert sha256_of(run / "model.safetensors") == before  # recipes know it by that
    assert encoder_of(opened_generator(str(run))) is not None
    assert encoder_of(opened_generator(str(write_generator(tmp_path / "other.safetensors")))) is None
    code, _, _ = atelier(*learn, "-o", tmp_path / "both.safetensors")
    assert code == 0
    assert encoder_of(opened_generator(str(tmp_path / "both.safetensors"))) is not None
    made = ("generate", "--model", tmp_path / "both.safetensors", "--seeds", "1", "-o", tmp_path / "a.png")
    assert atelier(*made)[0] == 0
    assert np.abs(pixels(tmp_path / "a.png") - expected(1)).max() <= 1
    assert atelier(*learn, "-o", tmp_path / "a.png")[0] == 2


def test_one_dream_is_set_as_finely_as_in_the_panel_and_made_again(run, tmp_path, atelier):
    moved = tmp_path / "bends.json"
    moved.write_text('{"stages": [{"stage": 1, "turn": 30.0}]}')
    assert atelier("dream", "--model", run, "--across", "4", "-o", tmp_path / "4.png")[0] == 0
    assert np.abs(pixels(tmp_path / "4.png") - expected(4)).max() <= 1
    bent = atelier("dream", "--model", run, "--across", "4", "--bends", moved, "-o", tmp_path / "bent.png")
    assert bent[0] == 0
    assert np.abs(pixels(tmp_path / "bent.png") - expected(4)).max() > 5
    recipe = read_recipe(tmp_path / "bent.png")
    assert (recipe.task, recipe.inputs) == ("dream", ())
    assert atelier("dream", "-o", tmp_path / "none.png")[0] == 2


@pytest.mark.parametrize("method", ["styles", "features", "weights"])
def test_directions_are_shown_from_end_to_end(run, tmp_path, atelier, method):
    code, told, _ = atelier(
        "directions", "--model", run, "--method", method, "--count", 2, "--seed", 4, "-o", tmp_path / "sheet.png"
    )
    assert code == 0
    assert len(told.splitlines()) == 2
    sheet = pixels(tmp_path / "sheet.png")
    assert sheet.shape == (64, 7 * 32, 3)
    assert np.abs(sheet[:32, 3 * 32 : 4 * 32] - expected(4)).max() <= 1
    assert np.abs(sheet[:32, :32] - sheet[:32, -32:]).mean() > 1


def test_what_cannot_be_is_said_in_two_lines(run, tmp_path, atelier):
    for arguments, word in (
        (("generate", "--model", tmp_path / "none", "--seeds", "1", "-o", tmp_path / "a"), "is not there"),
        (("generate", "--model", run, "--seeds", "x", "-o", tmp_path / "a"), "no seed"),
        (("interpolate", "--model", run, "--seeds", "1", "-o", tmp_path / "a.mp4"), "two seeds"),
        (("interpolate", "--model", run, "--seeds", "1,2", "-o", tmp_path / "a.png"), "a video"),
        (("project", tmp_path / "none.png", "--model", run, "-o", tmp_path / "a.png"), "is not there"),
        (("directions", "--model", run, "-o", tmp_path / "a"), "is a picture"),
    ):
        code, _, said = atelier(*arguments)
        assert code == 2
        assert word in said
    code, _, said = atelier("directions", "--model", run, "--method", "features", "--stage", 9)
    assert code == 1
    assert "no stage 9" in said
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    assert atelier("generate", "--model", tmp_path / "other.safetensors", "--seeds", "1", "-o", tmp_path / "a")[0] == 1
