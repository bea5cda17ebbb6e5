"""A mask is painted in the window, heeded, undone, found again the next day, used on another photo and on a folder."""

import numpy as np
import pytest
import torch  # noqa: F401 - here, since on the engine's thread it takes long on a busy machine
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from restorer_kit import ENHANCER, write_restorer
from retoucher_kit import Retoucher
from studio_kit import drop_files, open_studio, write_photo

from studio.core.images import read_recipe
from studio.core.restore_settings import RestoreSettings


@pytest.fixture
def model(tmp_path):
    return str(write_restorer(tmp_path / "mends.safetensors", ENHANCER))


def test_a_mask_from_its_first_stroke_to_a_folder(home, tmp_path, qtbot, model):
    first, second = write_photo(tmp_path / "first.png", 120, 80), write_photo(tmp_path / "second.png", 150, 100)
    with open_studio(home) as studio:
        sitter = Retoucher(studio, qtbot)
        sitter.session.set_settings(RestoreSettings(model=model, denoise=1.0))
        assert drop_files(sitter.panel.canvas.viewport(), first)
        sitter.waits()
        sitter.chooses("Restore here")
        assert sitter.section.bench.isVisible()
        sitter.paints((20, 40), (30, 40), (40, 40))
        sitter.waits()
        assert (sitter.is_restored(30, 40), sitter.is_restored(100, 40)) == (True, False)
        sitter.paints((100, 40), (101, 40))
        sitter.waits()
        assert sitter.is_restored(100, 40)
        sitter.presses(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        sitter.waits()
        assert (sitter.is_restored(30, 40), sitter.is_restored(100, 40)) == (True, False)
        sitter.presses(Qt.Key.Key_Escape)
        assert not sitter.section.bench.isVisible()
        QTest.mouseMove(sitter.panel.canvas.viewport(), QPoint(5, 5))
    with open_studio(home) as studio:
        studio.open([])
        sitter = Retoucher(studio, qtbot)
        sitter.waits_until(lambda: sitter.session.photo is not None)
        assert [(mask.name, mask.role) for mask in sitter.masks.all] == [("Restore here", "here")]
        assert drop_files(sitter.panel.canvas.viewport(), second)
        sitter.waits_until(lambda: sitter.session.photo.picture.width == 150)
        sitter.waits()
        assert sitter.is_restored(140, 50)
        sitter.chooses("Of Another Photo", "Restore here")
        sitter.waits()
        assert (sitter.is_restored(37, 50), sitter.is_restored(140, 50)) == (True, False)
        out = tmp_path / "out"
        sitter.panel.open_pictures([first, second])
        sitter.waits_until(lambda: len(sitter.panel.desk.queue.proposed) == 2)
        sitter.panel.desk.view.start_requested.emit(out, ".png")
        sitter.waits_until(lambda: sitter.panel.desk.queue.photos and sitter.panel.desk.queue.is_over)
        results = sorted(out.iterdir())
        assert [path.name for path in results] == ["first restored.png", "second restored.png"]
        recipes = [read_recipe(path) for path in results]
        assert [[used.role for used in recipe.inputs] for recipe in recipes] == [["content", "here"]] * 2
        assert np.unique([recipe.inputs[1].sha256 for recipe in recipes]).size == 1
