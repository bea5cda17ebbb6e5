import gc
from collections.abc import Callable, Iterator

import pytest
from thread_kit import running_threads

from studio.engine import Engine


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
