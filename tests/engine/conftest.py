import gc
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QThread

from studio.core.controls import Controls
from studio.core.settings import Settings, setting
from studio.engine import Engine


class Knobs(Settings):
    level: float = setting(0.0, label="Level", help="How much.", low=0.0, high=1000.0, effect="steer")


def running_threads() -> list[QThread]:
    return [thread for thread in gc.get_objects() if issubclass(type(thread), QThread) and thread.isRunning()]


@pytest.fixture
def make_engine(qapp) -> Iterator[Callable[[str], Engine]]:
    """Engines that are shut down after the test, which fails when one leaves a thread or collection switched off."""
    engines: list[Engine] = []

    def make(name: str = "test") -> Engine:
        engines.append(Engine(name))
        return engines[-1]

    yield make
    assert all(engine.shut_down(20_000) for engine in engines)
    assert running_threads() == []
    assert gc.isenabled()


@pytest.fixture
def engine(make_engine) -> Engine:
    return make_engine()


@pytest.fixture
def controls() -> Controls[Knobs]:
    return Controls(Knobs())
