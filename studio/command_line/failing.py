"""Tells a failure on stderr: one line why, one line what to do."""

import sys

from studio.command_line.exit_codes import FAILED
from studio.core.failures import Failure, explain
from studio.core.file_names import readable


def tell(error: BaseException, *, debug: bool) -> int:
    """Print why and what to do, with `debug` the traceback before it; returns the exit code."""
    return tell_failure(explain(error), debug=debug)


def tell_failure(failure: Failure, *, debug: bool) -> int:
    """Print a failure that is explained already; returns the exit code."""
    if debug and failure.details:
        print(failure.details, file=sys.stderr)
    print(f"atelier: {_one_line(failure.cause)}", file=sys.stderr)
    print(_one_line(failure.remedy), file=sys.stderr)
    return FAILED


def _one_line(text: str) -> str:
    return " ".join(readable(text).split())
