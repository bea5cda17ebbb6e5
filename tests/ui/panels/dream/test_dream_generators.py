"""Generators that come and go in Dream: what is said meanwhile, and that nothing of the last one stays."""

from dataclasses import replace
from pathlib import Path

from generator_kit import LESSONS, STYLED, write_generator
from job_kit import heard
from PySide6.QtWidgets import QAbstractButton, QLabel
from studio_kit import write_photo

from studio.core.dream_settings import DreamSettings
from studio.core.images import load_picture
from studio.core.user_folders import UserFolders
from studio.jobs.files import prepare_opened
from studio.jobs.sessions import SaveSessionTask, keep_session, open_session
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.schedule import Phase, Ramp, Schedule
from studio.ui.panel import ModelToUse, SessionToOpen
from studio.ui.panels.dream.panel import DreamPanel


def settings(panel) -> DreamSettings:
    return panel.session.settings


def shows(panel, until, seed: int) -> None:
    """Wait until a seed's picture is shown."""
    until(lambda: panel.session.is_settled and panel.session.recipe and panel.session.recipe.settings["across"] == seed)


def title(panel) -> str:
    """Return what the canvas says in place of a picture."""
    return panel.empty_state.findChildren(QLabel)[1].text()


def train_button(panel) -> QAbstractButton:
    return next(b for b in panel.empty_state.findChildren(QAbstractButton) if b.text() == "Train a Generator")


def begin_run(name: str) -> Path:
    """Return a run of a generator that has written no checkpoint so far."""
    phase = Phase(duration=2, unit="steps", learning_rate=Ramp.level(1e-2))
    plan = RunPlan(task="gan", data=("pictures",), settings={}, schedule=Schedule(phases=(phase,)), title=name)
    run = RunFolder.create(UserFolders.standard().runs / name.lower(), plan).path
    RunFolder(run).checkpoints.mkdir(exist_ok=True)
    return run


def test_while_a_generator_is_opened_it_says_that_and_not_that_there_is_none(panel_context, tmp_path, qtbot, until):
    model = str(write_generator(tmp_path / "faces.safetensors"))
    panel = DreamPanel(panel_context)
    qtbot.addWidget(panel)
    assert title(panel) == "Looking for generators"
    panel.session.set_settings(DreamSettings(model=model))  # as a session does that comes back
    assert title(panel) == "Loading “faces”"
    assert not train_button(panel).isVisibleTo(panel)
    panel.show()
    until(lambda: panel.has_picture and panel.session.is_settled)
    panel.session.change(model=str(write_generator(tmp_path / "others.safetensors", seed=1)))
    assert panel.canvas._waiting_for == "Loading “others”"
    assert not panel.session.is_settled  # what is saved now waits for it
    until(lambda: panel.session.is_settled and panel.session.recipe.weights[0].name == "others.safetensors")
    assert not panel.canvas._waiting_for


def test_a_generator_that_cannot_be_opened_is_told_and_tried_again(panel_context, tmp_path, qtbot, until):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    panel, failures = DreamPanel(panel_context), []
    qtbot.addWidget(panel)
    panel.session.failed.connect(failures.append)
    panel.session.set_settings(DreamSettings(model=str(broken)))
    until(lambda: failures)
    assert title(panel) == "“broken” could not be opened"
    write_generator(broken)
    panel.session.go_to_seed(2)
    shows(panel, until, 2)
    assert len(failures) == 1


def test_a_session_that_comes_back_tells_of_its_own_generator(panel, tmp_path, until):
    first, young = settings(panel), write_generator(tmp_path / "young.safetensors", replace(STYLED, steps=15), seed=1)
    panel.use_model(ModelToUse("generator", str(young)))
    until(lambda: panel.session.generator is not None and panel.session.is_settled)
    heard(keep_session(SaveSessionTask(panel.keeper.saved(), tmp_path / "dream"), None))
    panel.session.set_settings(first)
    until(lambda: panel.session.generator is not None and panel.session.is_settled)
    assert panel.session.generator.steps == 0
    _, opened = heard(open_session(tmp_path / "dream", None))
    panel.take(SessionToOpen(opened, None))
    until(lambda: panel.session.generator is not None and panel.session.is_settled)
    assert panel.session.generator.steps == 15
    until(lambda: "after 15 steps" in panel.workspace.compare_bar._result.text())


def test_a_run_that_has_kept_nothing_yet_is_waited_for(panel, until):
    panel.walk_desk.add()
    icon = lambda: panel.walk_bar.stations.item(0).icon()  # noqa: E731
    until(lambda: not icon().isNull())
    failures = []
    panel.session.failed.connect(failures.append)
    run = begin_run("Spots")
    panel.take(ModelToUse("generator", str(run)))
    until(lambda: panel.session.awaits and panel.session.is_settled)
    assert not panel.has_picture
    until(lambda: title(panel) == "“Spots” has kept nothing yet")
    assert icon().isNull()  # those were of another one
    assert panel.column.pad.pad._centre is None
    assert not panel.walk_bar.isEnabled()
    panel.session.go_to_seed(4)  # nothing to be made of it so far
    assert panel.session.is_settled
    write_generator(run / "model.safetensors")
    until(lambda: panel.session.generator is not None or panel.session.look_again())
    shows(panel, until, 4)
    until(lambda: not icon().isNull())
    assert not failures


def test_what_was_found_in_a_generator_goes_with_it(panel, tmp_path, until):
    bar = panel.finding_bar
    panel.finding_desk.take(prepare_opened(load_picture(write_photo(tmp_path / "p0.png", 16, 16))))
    until(lambda: settings(panel).held.name == "p0.png")
    panel.finding_desk.stop()
    until(lambda: bar.close_button.isVisible())
    assert panel.canvas.labels == ("Given", "Found")
    strange = str(write_generator(tmp_path / "lesson.safetensors", LESSONS))
    panel.take(ModelToUse("generator", strange))
    assert not bar.isVisible()
    assert panel.canvas.labels == ("Picture", "Dream")
    until(lambda: panel.session.generator is not None and panel.session.is_settled)
    assert not settings(panel).held.w  # it says nothing to a generator of another make
    assert panel.session.recipe.weights[0].name == "lesson.safetensors"
