"""The `atelier` command as a shell sees it: what it prints where, its exit codes, and how little it loads."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.cli import commands, main
from studio.command_line.doctor import Diagnosis, examine
from studio.command_line.window import debian_package, what_hinders
from studio.core.images import save_picture
from studio.core.inference_format import FORMATS, FormatMemo
from studio.core.recipes import Recipe
from studio.core.user_folders import UserFolders

ROOT = Path(__file__).parents[2]
BLOCK_QT = """
import sys
class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6", "superqt", "qtpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NoQt())
"""


def atelier(*arguments, before="", environment=None):
    """Run `atelier` in a process of its own, as a shell does; `before` is Python run first."""
    code = f"{before}\nimport sys\nfrom studio.cli import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **(environment or {})}, cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "painted.png"
    recipe = Recipe(task="stylize", settings={"size": 96}, seed=7)
    save_picture(file, np.full((8, 8, 3), 200, np.uint8), recipe=recipe)
    return file


def test_help_names_every_command_and_loads_neither_torch_nor_qt_nor_numpy():
    tell = "import atexit, sys\natexit.register(lambda: print(sorted({n.split('.')[0] for n in sys.modules})))"
    ran = atelier("--help", before=tell)
    assert ran.returncode == 0
    for command, (_, summary) in commands().items():
        assert f"{command:<12}{summary}" in ran.stdout
    loaded = ran.stdout.splitlines()[-1]
    assert not any(f"'{package}'" in loaded for package in ("torch", "PySide6", "numpy", "pydantic"))


HELPS = """
import contextlib, io, json, sys
from studio.cli import commands, main

def explained(command):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main([command, "--help"])
    return code, said.getvalue(), "torch" in sys.modules

print(json.dumps({command: explained(command) for command in commands()}))
"""


def test_every_command_explains_itself_without_loading_torch():
    ran = subprocess.run([sys.executable, "-c", HELPS], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    explained = json.loads(ran.stdout)
    assert list(explained) == list(commands())
    for command, (code, said, torch_is_there) in explained.items():
        assert (command, code, torch_is_there) == (command, 0, False)  # the first that loads it is the one to blame
        assert f"usage: atelier {command}" in said


def test_python_m_studio_is_the_same_command():
    ran = subprocess.run([sys.executable, "-m", "studio", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("atelier ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stylise"], "Did you mean: atelier stylize?"),
        (["no-such-photo.jpg"], "“no-such-photo.jpg” is neither a file nor a command."),
        (["--colour"], "there is no option --colour"),
        (["stylize"], "the following arguments are required: -o/--output"),
        (["stylize", "-o", "c.png"], "the following arguments are required: CONTENT"),
        (["stylize", "a.png", "-o", "c.png"], "there is no STYLE: name at least one painting"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--size", "99999"], "99999 is not between 64 and 8192 px"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--pooling", "min"], "invalid choice: 'min'"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--style-mix", "1,2"], "2 numbers for 1 painting"),
        (["stylize", "a.png", "b.png", "-o", "c.gif"], "“c.gif” has to end in one of .png"),
        (["stylize", "a.png", "b.png", "-o", "README.md/c.png"], "README.md is a file, not a folder"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--siz", "64"], "unrecognized arguments: --siz 64"),
    ],
)
def test_wrong_arguments_end_with_code_2_and_say_what_is_wrong(capsys, arguments, words):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) == 2


def test_a_painting_never_overwrites_what_goes_in(capsys, picture):
    before = picture.read_bytes()
    assert main(["stylize", str(picture), str(picture), "-o", str(picture)]) == 2
    assert "goes in, and would be overwritten" in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_recipe_prints_json_that_is_the_recipe(capsys, picture):
    assert main(["recipe", str(picture)]) == 0
    said = capsys.readouterr()
    assert Recipe.from_json(said.out) == Recipe(task="stylize", settings={"size": 96}, seed=7)
    assert said.err == ""


def test_a_picture_without_a_recipe_fails_in_two_lines(capsys, tmp_path):
    save_picture(tmp_path / "plain.png", np.zeros((4, 4, 3), np.uint8), recipe=None)
    assert main(["recipe", str(tmp_path / "plain.png")]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == "atelier: There is no recipe in “plain.png”."
    assert len(said.err.splitlines()) == 2
    assert said.out == ""


def test_debug_shows_the_traceback(capsys, tmp_path):
    assert main(["recipe", str(tmp_path / "gone.png"), "--debug"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Traceback")
    assert said[-2] == f"atelier: “gone.png” is not there ({tmp_path})."


def test_the_reader_of_our_output_may_leave(picture):
    program = f"{sys.executable} -m studio recipe {picture} | head -c 1"
    ran = subprocess.run(["bash", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "{"
    assert ran.stderr == ""


def test_without_qt_the_window_says_what_is_missing_and_what_works_instead():
    ran = atelier(before=BLOCK_QT, environment={"DISPLAY": ":99"})
    assert ran.returncode == 1
    why, what_to_do = ran.stderr.splitlines()
    assert "pip install PySide6-Essentials superqt" in why
    assert what_to_do == "Without a window: atelier stylize PHOTO PAINTING -o OUT.png"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_the_window_says_so():
    ran = atelier(environment={"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""})
    assert ran.returncode == 1
    assert "There is no display" in ran.stderr
    assert len(ran.stderr.splitlines()) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
@pytest.mark.parametrize(
    "environment", [{"DISPLAY": ":4711"}, {"DISPLAY": "localhost:4711.0"}, {"DISPLAY": "?"}, {"WAYLAND_DISPLAY": "w-1"}]
)
def test_a_display_that_does_not_answer_is_named_instead_of_aborting(environment):
    assert "does not answer" in what_hinders(environment, "linux")
    ran = atelier(environment={"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": "", **environment})
    assert ran.returncode == 1
    assert next(iter(environment.values())) in ran.stderr


def test_a_display_that_answers_is_found(tmp_path):
    with socket.socket(socket.AF_UNIX) as wayland:
        wayland.bind(str(tmp_path / "wayland-0"))
        wayland.listen()
        assert what_hinders({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}, "linux") == ""


@pytest.mark.display
def test_an_x_server_is_found_or_the_library_named_that_qt_lacks(virtual_screen):
    obstacle = what_hinders({"DISPLAY": virtual_screen}, "linux")
    assert obstacle == "" or obstacle.startswith("Qt needs the system library lib")


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libX11-xcb.so.1", "libx11-xcb1"),
    ],
)
def test_a_library_is_in_the_package_that_debian_names_after_it(library, package):
    assert debian_package(library) == package


def test_doctor_names_device_versions_networks_and_folders(home):
    ran = atelier("doctor", before=BLOCK_QT)
    assert ran.returncode == 0, ran.stderr
    for subject in ("Device", "torch", "Python 3.", "SqueezeNet 1.1", "VGG-19", "pip install PySide6", "library"):
        assert subject in ran.stdout
    assert str(home) in ran.stdout


def test_doctor_tells_in_which_format_networks_are_used(nothing_measured):
    FormatMemo.standard().keep("fast styles of width 0.5", FORMATS[2], 2.71)
    lines = [finding for finding in examine(UserFolders.standard()) if finding.subject.startswith("Format")]
    assert lines == [
        Diagnosis(
            "Format of fast styles of width 0.5", "good", "bfloat16 channels_last: 2.7 × the speed of plain float32"
        )
    ]


def test_doctor_notices_a_folder_that_cannot_be_made(home, capsys):
    (home / "library").write_text("in the way")
    (home / "models").mkdir(exist_ok=True)
    assert main(["doctor"]) == 1
    assert "✗" in capsys.readouterr().out
