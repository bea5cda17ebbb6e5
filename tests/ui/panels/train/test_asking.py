"""A picture dropped on a trained classifier is told what it shows, by the same job as the command."""

from pathlib import Path

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PIL import Image
from PySide6.QtWidgets import QAbstractButton
from studio_kit import drop_files

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.settings import Settings
from studio.core.verdicts import ClassifyTask
from studio.jobs.classify import classify
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule_presets import constant
from studio.ui.panels.train.asking import AskDialog


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    for name, colour in (("red", (200, 30, 30)), ("green", (30, 180, 30)), ("blue", (30, 30, 200))):
        (folder / "colours" / name).mkdir(parents=True)
        for number in range(3):
            picture = Image.new("RGB", (24, 24), tuple(channel + number for channel in colour))
            picture.save(folder / "colours" / name / f"{name} {number}.png")
    settings = {"size": 16, "batch": 4, "workers": 0, "held_back": 0.25}
    plan = RunPlan(
        task="classifier", data={"data": (str(folder / "colours"),)}, settings=settings,
        schedule=constant(duration=2, unit="steps"),
    )  # fmt: skip
    run = RunFolder.create(folder / "run", plan)
    finish(train(TrainRequest(run.path), Controls(Settings())))
    return run.path


@pytest.fixture
def dialog(theme, engines, classifier, window):
    dialog = AskDialog(str(classifier), "Colours", *engines, theme, window)
    dialog.show()
    return dialog


def pictures_of(classifier: Path) -> list[Path]:
    return sorted((classifier.parent / "colours").rglob("*.png"))


def test_a_dropped_picture_is_told_every_class_and_how_likely_it_is(dialog, until, classifier):
    picture = pictures_of(classifier)[0]
    assert drop_files(dialog, picture)
    until(lambda: dialog.chances.chances and dialog.tile.accessibleName() == picture.name)
    (verdict,) = finish(classify(ClassifyTask((picture,), str(classifier)), Controls(Settings())))
    assert [name for name, _ in dialog.chances.chances] == [name for name, _ in verdict.chances]
    assert [chance for _, chance in dialog.chances.chances] == pytest.approx([chance for _, chance in verdict.chances])
    assert dialog.words.text().startswith(verdict.said)


def test_the_newest_picture_counts(dialog, until, classifier):
    first, *_, last = pictures_of(classifier)
    dialog.ask(first)
    dialog.ask(last)
    until(lambda: dialog.chances.chances and dialog.tile.accessibleName() == last.name)
    assert dialog.picture == last


def test_what_is_no_picture_is_said_beside_it(dialog, until, tmp_path):
    poem = tmp_path / "poem.png"
    poem.write_text("no picture")
    dialog.ask(poem)
    until(lambda: "poem.png" in dialog.words.text() or "picture" in dialog.words.text().lower())
    assert dialog.chances.chances == ()


def test_every_control_has_a_name_and_explains_itself(dialog):
    assert controls_without_name(dialog) == []
    assert controls_without_tooltip(dialog, QAbstractButton) == []
