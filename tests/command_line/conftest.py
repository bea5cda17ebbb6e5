"""What the tests of the command line share."""

from collections.abc import Callable

import pytest

from studio.cli import main


@pytest.fixture
def atelier(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `atelier` in this process; returns exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run
