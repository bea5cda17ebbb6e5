"""The flags follow the settings: same names, ranges, choices, defaults and help."""

import pytest

from studio.command_line.flags import CommandParser, add_settings, settings_from
from studio.core.settings import Settings, describe, setting
from studio.core.style_settings import StyleSettings


class Everything(Settings):
    amount: float = setting(0.5, label="Amount", help="How much, at 50 %.", low=0.0, high=1.0, unit="%", group="Main")
    count: int = setting(3, label="Count", help="How many.", low=1, high=9)
    bright: bool = setting(True, label="Bright", help="Lighter.")
    shares: tuple[float, ...] = setting((), label="Shares", help="How much each.")
    title: str = setting("untitled", label="Title", help="A name.")


def read(model, *arguments):
    parser = CommandParser("test", "For tests.", "")
    add_settings(parser, model)
    return settings_from(parser.parse_args(arguments), model, parser)


def test_every_setting_of_a_painting_has_a_flag_that_sets_it():
    for info in describe(StyleSettings):
        wanted = {
            "number": lambda info: info.low,
            "integer": lambda info: int(info.high),
            "choice": lambda info: list(info.choices)[-1],
            "numbers": lambda info: (0.25, 0.75),
            "text": lambda info: "vgg19",
        }[info.kind](info)
        text = ",".join(map(str, wanted)) if isinstance(wanted, tuple) else str(wanted)
        assert getattr(read(StyleSettings, info.flag, text), info.name) == wanted


def test_without_flags_the_settings_are_the_defaults():
    assert read(StyleSettings) == StyleSettings()


def test_flags_of_every_kind():
    settings = read(
        Everything, "--amount", "0.25", "--count", "9", "--no-bright", "--shares", "1,2.5", "--title", "a b"
    )
    assert settings == Everything(amount=0.25, count=9, bright=False, shares=(1.0, 2.5), title="a b")


class Lowest(Settings):
    patience: int = setting(3, label="Patience", help="How long.", low=0, high=9, lowest="endless")
    calm: float = setting(-0.1, label="Calm", help="How calm.", low=-0.1, high=9.0, lowest="automatic")
    crop: tuple[float, ...] = setting((), label="Crop", help="What stays.", lowest="all of it")


def test_a_smallest_value_with_a_word_is_called_by_it(capsys):
    settings = read(Lowest, "--patience", "endless", "--calm", "auto")
    assert settings == Lowest(patience=0, calm=-0.1)
    assert read(Lowest, "--calm", "automatic") == read(Lowest, "--calm", "-0.1") == Lowest()
    with pytest.raises(SystemExit):
        read(Lowest, "--patience", "auto")
    with pytest.raises(SystemExit):
        read(Lowest, "--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "How long. [0 to 9, 0: endless, default 3]" in shown
    assert "How calm. [-0.1 to 9, -0.1: auto, default auto]" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--amount", "1.5"], "argument --amount: 1.5 is not between 0 and 1 %"),
        (["--amount", "nan"], "argument --amount: nan is not between 0 and 1 %"),
        (["--amount", "much"], "argument --amount: “much” is not a number"),
        (["--count", "2.5"], "argument --count: “2.5” is not a whole number"),
        (["--count", "10"], "argument --count: 10 is not between 1 and 9"),
        (["--shares", "1,inf"], "argument --shares: inf is not between"),
        (["--shares", "1,,2"], "argument --shares: “” is not a number"),
        (["--coun", "2"], "unrecognized arguments: --coun 2"),
    ],
)
def test_a_wrong_value_is_named_with_its_range_and_ends_with_code_2(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        read(Everything, *arguments)
    assert end.value.code == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.splitlines()[-1] == "See: atelier test --help"
    assert said.out == ""


def test_help_shows_groups_ranges_units_and_defaults(capsys):
    with pytest.raises(SystemExit):
        read(Everything, "--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "main:" in shown
    assert "How much, at 50 %. [0 to 1 %, default 0.5]" in shown
    assert "How many. [1 to 9, default 3]" in shown
