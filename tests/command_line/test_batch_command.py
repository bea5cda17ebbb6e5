"""`atelier stylize` and `adjust` over folders: what is done stays, what failed is told, and Ctrl+C loses nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from studio_kit import write_painting, write_photo

from studio.core.images import load_picture, read_recipe
from studio.core.library import Library
from studio.core.user_folders import UserFolders

ROOT = Path(__file__).parents[2]
SMALL = ("--size", "64", "--steps", "3", "--backbone", "squeezenet1_1:untrained")


@pytest.fixture
def holiday(tmp_path):
    for name in ("a.png", "rome/b.jpg", "rome/day 2/c.png"):
        write_photo(tmp_path / "holiday" / name, 48, 32)
    return tmp_path / "holiday"


@pytest.fixture
def painting(tmp_path):
    return write_painting(tmp_path / "stripes.png")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def last_event(stdout):
    return json.loads(stdout.splitlines()[-1])


def test_a_folder_is_painted_once_with_its_folders(atelier, holiday, painting, out):
    command = ("stylize", holiday, "--style", painting, "-o", out, *SMALL)
    code, stdout, stderr = atelier(*command)
    assert code == 0, stderr
    made = [out / name for name in ("a painted.png", "rome/b painted.png", "rome/day 2/c painted.png")]
    assert stdout.splitlines() == [str(path) for path in made]
    assert "3 photos: 3 painted." in stderr
    assert [record.role for record in read_recipe(made[2]).inputs] == ["content", "style"]
    stamps = [path.stat().st_mtime_ns for path in made]

    made[1].unlink()
    code, stdout, stderr = atelier(*command, "--events")
    assert code == 0
    results = [event for event in map(json.loads, stdout.splitlines()) if event["type"] == "result"]
    assert [(event["photo"], event["skipped"]) for event in results] == [
        ("a.png", True), ("rome/b.jpg", False), ("rome/day 2/c.png", True)
    ]  # fmt: skip
    counts = {name: last_event(stdout)[name] for name in ("made", "skipped", "failed")}
    assert counts == {"made": 1, "skipped": 2, "failed": 0}
    assert [made[0].stat().st_mtime_ns, made[2].stat().st_mtime_ns] == [stamps[0], stamps[2]]


def test_every_picture_task_has_it_and_the_format_can_be_chosen(atelier, holiday, out):
    flags = ("--exposure", "1", "--format", "tif")
    code, stdout, _ = atelier("adjust", holiday / "a.png", holiday / "rome", "-o", out, *flags)
    assert code == 0
    names = ["a adjusted.tif", "b adjusted.tif", "day 2/c adjusted.tif"]
    assert stdout.splitlines() == [str(out / name) for name in names]
    assert load_picture(out / names[0]).bits == 16


def test_what_failed_is_reported_at_the_end_and_the_others_are_made(atelier, holiday, out):
    (holiday / "b broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (out / "rome").mkdir(parents=True)
    (out / "rome" / "b adjusted.png").write_bytes((holiday / "a.png").read_bytes())
    code, stdout, stderr = atelier("adjust", holiday, "-o", out)
    assert code == 1
    assert len(stdout.splitlines()) == 2
    failures = stderr.splitlines()[-3:-1]
    assert failures[0].startswith("b broken.jpg: “b broken.jpg” ")
    assert failures[1].startswith("rome/b.jpg: “b adjusted.png” is there already and was not made from this photo")
    assert stderr.splitlines()[-1] == "4 photos: 2 adjusted, 2 failed."
    events = atelier("adjust", holiday, "-o", out, "--events")[1].splitlines()
    assert [json.loads(line)["photo"] for line in events if '"failed", "photo"' in line] == [
        "b broken.jpg",
        "rome/b.jpg",
    ]


def test_a_result_of_a_batch_is_replayed_from_the_photo_where_it_lies(atelier, holiday, out, tmp_path):
    assert atelier("adjust", holiday / "rome", "-o", out, "--exposure", "0.5")[0] == 0
    code, stdout, stderr = atelier("replay", out / "b adjusted.png", "-o", tmp_path / "again.png", "--events")
    assert code == 0, stderr
    assert last_event(stdout)["identical"]
    assert [path.suffix for path in Library(UserFolders.standard().library).inputs.iterdir()][:2].count(".place") >= 1


def test_a_single_picture_may_name_its_painting_by_flag(atelier, holiday, painting, out):
    code, stdout, stderr = atelier("stylize", holiday / "a.png", "--style", painting, "-o", out / "one.png", *SMALL)
    assert code == 0, stderr
    assert stdout.splitlines() == [str(out / "one.png")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["holiday", "stripes.png", "-o", "x.png"], "go into a folder"),
     (["holiday/a.png", "holiday/rome/b.jpg", "--style", "stripes.png", "-o", "x.png"], "2 pictures go into a folder"),
     (["holiday", "-o", "out"], "there is no STYLE"),
     (["holiday", "--style", "stripes.png", "-o", "stripes.png/out"], "is a file, not a folder"),
     (["holiday/a.png", "--style", "stripes.png", "-o", "out.bmp"], "has to end in one of"),
     (["holiday", "--style", "stripes.png", "-o", "out", "--format", "bmp"], "--format")],
)  # fmt: skip
def test_wrong_arguments_are_refused_before_anything_is_made(
    atelier, holiday, painting, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    code, _, stderr = atelier("stylize", *arguments)
    assert (code, words in stderr) == (2, True), stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_and_a_painting_that_is_gone_end_the_command(atelier, holiday, tmp_path, out):
    (tmp_path / "empty").mkdir()
    assert atelier("adjust", tmp_path / "empty", "-o", out)[0] == 1
    code, _, stderr = atelier("stylize", holiday, "--style", tmp_path / "gone.png", "-o", out)
    assert code == 1
    assert "“gone.png” is not there" in stderr


def test_ctrl_c_keeps_what_is_done_and_the_next_time_goes_on(holiday, painting, out, atelier):
    command = ("stylize", holiday, "--style", painting, "-o", out, "--events", "--size", "64", "--backbone", SMALL[-1])
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", *map(str, command), "--steps", "150"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    for line in process.stdout:
        if json.loads(line)["type"] == "result":
            break
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    report = last_event(stdout)
    assert (report["type"], report["made"] + report["waiting"]) == ("report", 3)
    assert report["waiting"] >= 1
    assert len(list(out.rglob("*painted.png"))) == report["made"]
    assert not list(out.rglob("*.part"))
    code, stdout, _ = atelier(*command, "--steps", "150")
    assert code == 0
    assert last_event(stdout)["skipped"] == report["made"]
