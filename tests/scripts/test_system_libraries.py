"""A machine that lacks Qt's system libraries is told which packages to install, and how."""

from pathlib import Path

import pytest
from system_libraries import CORE_PARTS, SCREEN_PARTS, SetupError, check, missing_libraries, packages_of

XCB_MISSING = "libxcb-cursor.so.0 => not found"
CORE_MISSING = "libEGL.so.1 => not found"


@pytest.fixture
def venv_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An environment on a machine, not Debian, whose loader misses what the test says."""

    def make(core: str = "", screen: str = "") -> Path:
        programs = tmp_path / "bin"
        programs.mkdir()
        loader = programs / "ldd"
        loader.write_text(
            "#!/bin/sh\n"
            'for file; do case "$file" in\n'
            f'*libqxcb.so) echo "	{screen}";;\n'
            f'*) echo "	{core}"; echo "	libc.so.6 => /lib/libc.so.6 (0x00007f)";;\n'
            "esac; done\n"
        )
        loader.chmod(0o755)
        monkeypatch.setenv("PATH", str(programs))
        (tmp_path / "venv/lib/python3.11/site-packages/PySide6").mkdir(parents=True)
        return tmp_path / "venv"

    return make


def test_complete_machine_is_left_alone(venv_without, capsys: pytest.CaptureFixture[str]) -> None:
    check(venv_without(), "run", {"DISPLAY": ":0"})
    assert capsys.readouterr().err == ""


def test_missing_core_library_stops_with_its_package(venv_without) -> None:
    with pytest.raises(SetupError, match=r"libEGL\.so\.1(.|\n)*libegl1"):
        check(venv_without(core=CORE_MISSING), "test", {})


def test_missing_screen_library_stops_only_where_there_is_a_screen(
    venv_without, capsys: pytest.CaptureFixture[str]
) -> None:
    venv = venv_without(screen=XCB_MISSING)
    with pytest.raises(SetupError, match="libxcb-cursor0"):
        check(venv, "run", {"DISPLAY": ":0"})
    check(venv, "run", {})
    assert "libxcb-cursor0" in capsys.readouterr().err


def test_missing_test_programs_are_mentioned(venv_without, capsys: pytest.CaptureFixture[str]) -> None:
    check(venv_without(), "test", {})
    message = capsys.readouterr().err
    assert "xvfb xdotool" in message
    assert "skipped" in message


def test_unknown_library_stands_for_itself() -> None:
    assert packages_of(["libnew.so.1", "libxcb.so.1", "libGL.so.1", "libGLX.so.0"]) == [
        "libgl1",
        "libnew.so.1",
        "libxcb1",
    ]


def test_parts_of_qt_exist_and_every_library_they_ask_for_is_found() -> None:
    import PySide6

    qt = Path(PySide6.__file__).parent
    assert all((qt / part).is_file() for part in (*CORE_PARTS, *SCREEN_PARTS))
    assert missing_libraries(qt, CORE_PARTS) == set()
