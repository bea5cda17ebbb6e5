"""A session that paints, and what it says."""

import pytest
from studio_kit import LONG, QUICK, write_painting, write_photo

from studio.core.images import load_picture
from studio.jobs.files import prepare_opened
from studio.ui.panels.style.session import StyleSession
from studio.ui.picture.session import SessionState


class Heard:
    """Everything the session said, by signal."""

    def __init__(self, session):
        self.frames, self.states, self.results, self.inputs, self.failures, self.notices = [], [], [], [], [], []
        session.frame_composed.connect(self.frames.append)
        session.state_changed.connect(self.states.append)
        session.finished.connect(self._take_result)
        session.failed.connect(self.failures.append)
        session.noticed.connect(lambda words, level: self.notices.append((words, level)))

    def _take_result(self, result, inputs):
        self.results.append(result)
        self.inputs.append(inputs)


@pytest.fixture
def session(engines, undo_stack):
    return StyleSession(*engines, undo_stack)


@pytest.fixture
def heard(session):
    return Heard(session)


@pytest.fixture
def photo(tmp_path):
    return prepare_opened(load_picture(write_photo(tmp_path / "photo.png")))


@pytest.fixture
def other_photo(tmp_path):
    return prepare_opened(load_picture(write_photo(tmp_path / "other.png", 64, 96)))


@pytest.fixture
def paintings(tmp_path):
    """One more than there are places for."""
    return [prepare_opened(load_picture(write_painting(tmp_path / f"{n}.png", n))) for n in range(5)]


@pytest.fixture
def at_work(session, heard, photo, paintings, until):
    """A painting that goes on until it is stopped, with a few frames on its film."""
    session.set_settings(LONG)
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    until(lambda: len(session.history.frames) >= 2)
    return session


@pytest.fixture
def finished(session, heard, photo, paintings, until):
    """A painting that is done."""
    session.set_settings(QUICK)
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    until(lambda: session.state is SessionState.FINISHED and session.history.frames and session.is_settled)
    return session
