"""Finds threads that an engine left behind."""

import gc

from PySide6.QtCore import QThread


def running_threads() -> list[QThread]:
    """Return every thread of Qt that still runs."""
    kinds = {QThread}
    while more := {below for kind in kinds for below in kind.__subclasses__()} - kinds:
        kinds |= more
    return [thing for thing in gc.get_objects() if type(thing) in kinds and thing.isRunning()]
