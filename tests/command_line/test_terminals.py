"""What a terminal of few letters gets to see, and names of files that no terminal can show."""

import codecs
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.command_line.terminal import plain_signs
from studio.core.images import load_picture, save_picture
from studio.core.recipes import Recipe

ROOT = Path(__file__).parents[2]
codecs.register_error("plainly", plain_signs)


def atelier(*arguments, encoding, cwd=ROOT):
    """Run `atelier` as in a terminal of this encoding; returns exit code, and the bytes of both outputs."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "studio", *arguments], env=environment, cwd=cwd, capture_output=True, timeout=120
    )
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("✓ “löwe” – 2 × 3 …", "latin-1", b'+ "l\xf6we" - 2 \xd7 3 ...'),
        ("✓ “löwe” – 2 × 3 …", "ascii", b'+ "lowe" - 2 x 3 ...'),
        ("⠋ ━━", "latin-1", b"* **"),
        ("中 ñ Ł", "ascii", b"\\u4e2d n \\u0141"),
        ("caf\udce9.png", "utf-8", b"caf\xe9.png"),
        ("caf\udce9.png", "latin-1", b"caf\xe9.png"),
        ("😀", "cp1252", b"*"),
        ("a → b", "cp437", b"a -> b"),
    ],
)
def test_signs_that_a_terminal_lacks_become_plainer_ones(text, encoding, expected):
    assert text.encode(encoding, "plainly") == expected


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize("arguments", [["doctor"], ["models"], ["--help"]])
def test_every_commands_output_survives_a_terminal_of_few_letters(arguments, encoding):
    code, out, error = atelier(*arguments, encoding=encoding)
    assert (code, error) == (0, b"")
    assert len(out.decode(encoding)) > 200


def test_failures_survive_a_terminal_of_few_letters():
    code, _, error = atelier("stylise “x”", encoding="ascii")
    assert (code, error.splitlines()[0]) == (2, b'atelier: "stylise "x"" is neither a file nor a command.')


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is Unicode")
def test_names_that_are_no_utf8_go_in_and_come_out_byte_for_byte(tmp_path):
    save_picture(
        tmp_path / "caf\udce9.png", np.full((8, 8, 3), 90, np.uint8), recipe=Recipe(task="adjust", settings={})
    )
    code, out, error = atelier("adjust", b"caf\xe9.png", "-o", b"out\xe9.png", encoding="utf-8", cwd=tmp_path)
    assert (code, out) == (0, b"out\xe9.png\n"), error
    assert load_picture(tmp_path / "out\udce9.png").width == 8
    code, _, error = atelier("adjust", b"nix\xe9.png", "-o", "x.png", encoding="utf-8", cwd=tmp_path)
    assert code == 1
    assert b"is not there" in error


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (["adjust", "-o", "out.png", "--", "-dash.png"], "out.png"),
        (["adjust", "--exposure", "1", "-o", "out.png", "--", "-dash.png"], "out.png"),
        (["adjust", "-o=-out.png", "--", "-dash.png"], "-out.png"),
        (["adjust", "-o", "many", "plain.png", "--", "-dash.png"], "many/-dash adjusted.png"),
        (["adjust", "-o", "out.png", "--", "--size"], "out.png"),
        (["recipe", "--", "-dash.png"], None),
    ],
)
def test_whatever_stands_behind_two_dashes_is_a_file(tmp_path, monkeypatch, capsys, arguments, made):
    from studio.cli import main

    monkeypatch.chdir(tmp_path)
    recipe = Recipe(task="stylize", settings={"size": 96})
    for name in ("-dash.png", "plain.png"):
        save_picture(tmp_path / name, np.full((8, 8, 3), 90, np.uint8), recipe=recipe)
    (tmp_path / "--size").write_bytes((tmp_path / "plain.png").read_bytes())
    assert main(arguments) == 0, capsys.readouterr().err
    assert made is None or (tmp_path / made).is_file()


def test_two_dashes_end_the_list_of_a_flag_that_takes_several(tmp_path, monkeypatch, capsys):
    from studio.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("-dash.png", "b.png"):
        save_picture(tmp_path / name, np.full((8, 8, 3), 90, np.uint8), recipe=None)
    arguments = ["stylize", "-o", "out.gif", "--style", "b.png", "--", "-dash.png"]
    assert main(arguments) == 2
    assert "has to end in one of" in capsys.readouterr().err  # and not: CONTENT is required


def test_the_window_is_asked_for_files_behind_two_dashes(tmp_path, monkeypatch, capsys):
    from studio.cli import main

    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "-dash.png", np.zeros((4, 4, 3), np.uint8), recipe=None)
    assert main(["--", "-gone.png"]) == 2
    assert "“-gone.png” is neither a file nor a command" in capsys.readouterr().err
    assert main(["-dash.png"]) == 2
    assert "atelier -- -dash.png" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_a_name_cannot_steer_the_terminal(tmp_path):
    """Escape sequences in it would colour, or rewrite, what is said of it."""
    name = "a\x1b[31m\x1b]0;title\x07red.png"
    (tmp_path / name).write_bytes(b"no picture")
    for arguments in (["recipe", "not-" + name], ["adjust", name, "-o", "out.png"], ["adjust", name, "-o", "out"]):
        code, _, error = atelier(*arguments, encoding="utf-8", cwd=tmp_path)
        assert code == 1
        assert b"red.png" in error
        assert not {b"\x1b", b"\x07"} & {error[i : i + 1] for i in range(len(error))}


@pytest.mark.parametrize("arguments", [["adjust", "a.png", "-o", ""], ["adjust", "", "-o", "x"], ["recipe", ""],
                                       ["train", "classifier", "--data", "", "-o", "run"]])  # fmt: skip
def test_an_empty_name_is_no_folder(arguments, capsys):
    """A script's unset variable must not mean all pictures of the working folder."""
    from studio.cli import main

    assert main(arguments) == 2
    assert "an empty name" in capsys.readouterr().err
