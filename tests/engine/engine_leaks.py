"""Finds threads that an engine left behind."""

import gc

from PySide6.QtCore import QThread


def running_threads() -> list[QThread]:
    return [thread for thread in gc.get_objects() if issubclass(type(thread), QThread) and thread.isRunning()]
