from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.training.data.inspection import DataReport, Finding
from studio.ui.panels.train.new_run.data_report import DoctorView
from studio.ui.theme import Theme

FILES = tuple(Path(f"/photos/{number}.jpg") for number in range(3))
BROKEN = Finding("broken", "warning", "3 broken files", "they are left out", FILES)
GREY = Finding("grey", "info", "1 picture without colours", "it is used as it is", FILES[:1])


def report(*findings: Finding, usable: int = 40) -> DataReport:
    sizes = ((640, 480),) * usable
    return DataReport(usable + 3, (), findings, sizes, 5 << 20, 2 << 20, (("JPEG", usable),), (("horse", usable),))


@pytest.fixture
def doctor(qtbot, theme: Theme) -> DoctorView:
    view = DoctorView(theme)
    qtbot.addWidget(view)
    view.resize(336, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_it_is_silent_before_there_is_data(doctor: DoctorView):
    assert doctor.text == ""
    assert not doctor.is_busy


def test_it_says_how_far_it_is_and_can_be_stopped(qtbot, doctor: DoctorView):
    doctor.show_progress(Progress("Examining the pictures", 12, 2400))
    assert doctor.is_busy
    with qtbot.waitSignal(doctor.cancel_requested):
        qtbot.mouseClick(doctor.cancel, Qt.MouseButton.LeftButton)
    doctor.show_report(report())
    assert not doctor.is_busy


def test_it_says_that_all_is_well(doctor: DoctorView):
    doctor.show_report(report())
    assert doctor.text.startswith(
        "40 of 43 pictures in 1 classes, shorter side 480 px\nNothing is the matter with them."
    )
    assert doctor.findings == []


def test_each_finding_says_what_is_done_about_it(doctor: DoctorView):
    doctor.show_report(report(BROKEN, GREY))
    assert "Nothing is the matter" not in doctor.text
    assert "3 broken files: they are left out." in doctor.text
    assert "1 picture without colours: it is used as it is." in doctor.text
    assert "40 JPEG · 5.0 MB · 2.0 MB decoded" in doctor.text
    assert "horse 40" in doctor.text


def test_how_the_data_is_read_is_no_trouble_with_it(doctor: DoctorView):
    split = Finding("split", "info", "“train” and “valid” divide the data", "it learns from 30 and is checked on 10")
    doctor.show_report(report(split))
    assert "Nothing is the matter with them." in doctor.text
    assert "“train” and “valid” divide the data: it learns from 30 and is checked on 10." in doctor.text


def test_channel_means_and_deviations_are_told(doctor: DoctorView):
    doctor.show_report(replace(report(), means=(0.4852, 0.4561, 0.406), deviations=(0.229, 0.224, 0.2249)))
    assert "Channel means 0.485 0.456 0.406 · deviations 0.229 0.224 0.225" in doctor.text
    doctor.show_report(replace(report(), means=(0.1307,) * 3, deviations=(0.3081,) * 3))
    assert "Channel means 0.131 · deviations 0.308" in doctor.text


def test_files_unfold_and_one_of_them_is_shown(qtbot, doctor: DoctorView):
    doctor.show_report(report(BROKEN, GREY))
    row = doctor.findings[0]
    assert row.files is None  # made when they are asked for: there may be thousands
    qtbot.keyClick(row.files_button, Qt.Key.Key_Space)
    assert row.files.isVisible()
    assert [row.files.item(at).text() for at in range(row.files.count())] == ["0.jpg", "1.jpg", "2.jpg"]
    row.files.setCurrentRow(1)
    with qtbot.waitSignal(doctor.file_chosen) as chosen:
        qtbot.keyClick(row.files, Qt.Key.Key_Return)
    assert chosen.args == [FILES[1]]
    qtbot.mouseClick(row.files_button, Qt.MouseButton.LeftButton)
    assert not row.files.isVisible()


def test_of_very_many_files_the_first_are_listed(doctor: DoctorView):
    many = tuple(Path(f"{number}.jpg") for number in range(3000))
    doctor.show_report(report(Finding("alike", "info", "3000 pictures that look like others", "they are used", many)))
    doctor.findings[0].files_button.setChecked(True)
    files = doctor.findings[0].files
    assert files.count() == 501
    assert files.item(500).text() == "and 2,500 more"


def test_where_nothing_can_be_examined_it_says_why(doctor: DoctorView):
    doctor.show_report(report(BROKEN))
    doctor.show_failure(Failure("There are no pictures here.", "Choose another folder.", ""))
    assert doctor.text == "There are no pictures here.\nChoose another folder."


def test_one_can_look_again(qtbot, doctor: DoctorView):
    doctor.show_report(report())
    with qtbot.waitSignal(doctor.again_requested):
        qtbot.mouseClick(doctor.again, Qt.MouseButton.LeftButton)
