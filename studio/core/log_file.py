"""The log of the window: what it said, and what went wrong, for a look afterwards; a few megabytes at most."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["LOG", "logging_to"]

LOG = logging.getLogger("atelier")
LOG.setLevel(logging.INFO)
LOG.addHandler(logging.NullHandler())  # without a file nothing is printed: the window says it already
LOG.propagate = False

_BYTES, _OLDER = 1_000_000, 3


@contextmanager
def logging_to(file: Path) -> Iterator[None]:
    """Write everything that is logged into `file`, and move it aside when it is full; a full disk stops no work."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", errors="replace")
    except OSError:
        yield
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        handler.close()
