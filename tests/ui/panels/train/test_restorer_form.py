"""What the form of a restorer shows, and how its settings follow one another."""

import pytest

from studio.training.tasks.restore_settings import RestorerSettings
from studio.ui.controls.settings_form import SettingsForm


@pytest.fixture
def form(qtbot, theme):
    form = SettingsForm(RestorerSettings, theme)
    qtbot.addWidget(form)
    return form


def chooses(form, name, value):
    form.row(name).control.chosen.emit(value)


def test_a_course_brings_its_network_and_takes_it_back(form):
    told = []
    form.settings_changed.connect(told.append)
    chooses(form, "course", "mse")
    assert form.settings == RestorerSettings(course="mse")
    assert form.row("network").control.current == "unet"
    assert form.row("size").value == 128
    chooses(form, "course", "small")
    assert form.settings == RestorerSettings()
    assert len(told) == 2


def test_what_is_set_by_hand_stays_when_the_course_does_not_decide_it(form):
    chooses(form, "damage", "old-photo")
    chooses(form, "scale", "4")
    chooses(form, "course", "feature")
    assert (form.settings.scale, form.settings.damage) == ("4", "lesson7-sr")


def test_damage_is_chosen_from_a_list(form):
    box = form.row("damage").control
    assert box.currentText() == "As the network suits"
    assert box.findText("Old photo") >= 0


def test_a_network_to_begin_with_can_be_chosen_and_left(form):
    form.set_offers("restorer", {"/runs/mine": "mine"})
    box = form.row("start").control
    assert [box.itemText(line) for line in range(box.count())] == ["Nothing: a new network", "mine"]
    chooses(form, "start", "/runs/mine")
    assert form.settings.start == "/runs/mine"
