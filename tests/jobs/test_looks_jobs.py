"""Looks on their way from and to files."""

import numpy as np
import pytest
from job_kit import run

from studio.core.failures import StudioError
from studio.core.images import save_picture
from studio.core.picture_tasks import ADJUST, STYLIZE
from studio.core.presets import SUFFIX, Look, LookFolder
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.jobs.looks import LooksTask, ReadLook, WriteLook, list_looks, read_look, write_look

BOLD = Look.of(StyleSettings(style_weight=4.0), "Bold", "stylize")


@pytest.fixture
def folder(tmp_path):
    return LookFolder(tmp_path / "looks")


def test_looks_are_kept_listed_and_removed(folder):
    assert run(list_looks, LooksTask(folder, STYLIZE))[1] == ()
    assert run(list_looks, LooksTask(folder, STYLIZE, keep=BOLD))[1] == (BOLD,)
    assert run(list_looks, LooksTask(folder, ADJUST))[1] == ()
    assert run(list_looks, LooksTask(folder, STYLIZE, remove=BOLD))[1] == ()


def test_a_shared_file_brings_a_look(tmp_path):
    path = tmp_path / f"bold{SUFFIX}"
    assert run(write_look, WriteLook(path, BOLD))[1] == path
    assert run(read_look, ReadLook(path, STYLIZE))[1] == BOLD


def test_a_painted_picture_brings_its_look(tmp_path):
    path = tmp_path / "holiday painted.png"
    settings = StyleSettings(style_weight=4.0, size=777)
    save_picture(path, np.full((8, 8, 3), 90, np.uint8), recipe=Recipe(task="stylize", settings=settings.model_dump()))
    look = run(read_look, ReadLook(path, STYLIZE))[1]
    assert look.name == "holiday painted"
    assert look.applied_to(StyleSettings()) == StyleSettings(style_weight=4.0)


def test_the_look_of_another_task_is_refused_by_name(tmp_path):
    path = tmp_path / f"bold{SUFFIX}"
    run(write_look, WriteLook(path, BOLD))
    with pytest.raises(StudioError, match="“Bold” is a look of the Style panel") as refused:
        run(read_look, ReadLook(path, ADJUST))
    assert "Adjust" in refused.value.remedy


def test_a_photo_has_no_look(tmp_path):
    path = tmp_path / "photo.png"
    save_picture(path, np.full((8, 8, 3), 90, np.uint8), recipe=None)
    with pytest.raises(StudioError, match="holds no look"):
        run(read_look, ReadLook(path, STYLIZE))
