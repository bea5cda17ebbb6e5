"""`atelier adjust`, which exists by its line in the list of picture tasks alone."""

import json

import numpy as np
import pytest
import tifffile
from studio_kit import write_photo

from studio.cli import main
from studio.core.adjust_settings import AdjustSettings
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import load_picture, read_recipe, save_picture
from studio.core.library import Library
from studio.core.recipes import Recipe, WeightsRecord
from studio.core.settings import Settings
from studio.core.user_folders import UserFolders
from studio.jobs.adjust import framed, toned
from studio.jobs.files import prepare_opened
from studio.jobs.recall import RecallTask, recall


def atelier(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", 96, 64)


def test_a_photo_comes_out_as_the_flags_say(photo, tmp_path):
    out = tmp_path / "out.png"
    flags = ("--crop", "0.25,0,0.75,1", "--turn", "90", "--exposure", "0.5", "--tint", "-20", "--saturation", "30")
    assert atelier("adjust", photo, "-o", out, *flags) == 0
    settings = AdjustSettings(crop=(0.25, 0, 0.75, 1), turn="90", exposure=0.5, tint=-20, saturation=30)
    expected = toned(framed(load_picture(photo).pixels, settings), settings)
    result = load_picture(out)
    assert (result.width, result.height) == (32, 96)
    assert np.abs(result.pixels - expected / 257).max() <= 0.5
    assert read_recipe(out).task == "adjust"
    assert b"digitalsourcetype" not in out.read_bytes()


def test_untouched_it_is_the_same_picture(photo, tmp_path):
    assert atelier("adjust", photo, "-o", tmp_path / "out.png") == 0
    assert np.array_equal(load_picture(tmp_path / "out.png").pixels, load_picture(photo).pixels)


def test_16_bits_go_through(tmp_path):
    deep = np.random.default_rng(1).integers(0, 65536, (40, 60, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    assert atelier("adjust", tmp_path / "deep.tif", "-o", tmp_path / "out.tif", "--crop", "0,0,0.5,1") == 0
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), deep[:, :30])


def test_replay_makes_it_again_bit_for_bit(photo, tmp_path, capsys):
    out, again = tmp_path / "out.tif", tmp_path / "again.tif"
    flags = ("--angle", "7.5", "--aspect", "1:1", "--contrast", "40", "--shadows", "60", "--sharpen", "50")
    assert atelier("adjust", photo, "-o", out, *flags) == 0
    photo.unlink()
    assert atelier("replay", out, "-o", again, "--events") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["identical"]
    assert np.array_equal(tifffile.imread(again), tifffile.imread(out))
    assert read_recipe(again) == read_recipe(out)


def test_recall_brings_photo_and_settings_back(photo, tmp_path):
    out = tmp_path / "out.jpg"
    assert atelier("adjust", photo, "-o", out, "--angle", "2", "--highlights", "-30") == 0
    task = RecallTask(prepare_opened(load_picture(out)), Library(UserFolders.standard().library))
    recalled = finish(recall(task, Controls(Settings())))
    assert recalled.task.name == "adjust"
    assert recalled.settings == AdjustSettings(angle=2, highlights=-30)
    assert np.array_equal(recalled.inputs["content"][0].picture.pixels, load_picture(photo).pixels)


def test_what_a_network_painted_stays_marked_when_it_is_adjusted(photo, tmp_path):
    painted = Recipe(task="stylize", settings={}, weights=(WeightsRecord(name="net", sha256="1" * 64),))
    save_picture(tmp_path / "painted.png", load_picture(photo).pixels, recipe=painted)
    assert atelier("adjust", tmp_path / "painted.png", "-o", tmp_path / "out.png", "--exposure", "1") == 0
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--crop", "0.1,0.2"), "argument --crop: Value error, a crop is four numbers"),
        (("--crop", "a,b,c,d"), "“a” is not a number"),
        (("--exposure", "9"), "9 is not between -4 and 4 EV"),
        (("--aspect", "7:5"), "invalid choice"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(photo, tmp_path, capsys, flags, words):
    assert atelier("adjust", photo, "-o", tmp_path / "out.png", *flags) == 2
    assert words in capsys.readouterr().err
