"""A hole is filled, an aged photo mended, a grey one coloured by hand, in the window: undo, files, a second photo."""

import numpy as np
import torch  # noqa: F401 - here, since on the engine's thread it takes long on a busy machine
from colouriser_kit import write_colouriser
from PIL import Image
from PySide6.QtCore import Qt
from retouch_kit import (
    SMALL_DETECTOR,
    SMALL_FILLER,
    small_filler,
    soft_photo,
    white_detector,
    write_network,
)
from retoucher_kit import Retoucher
from studio_kit import answering_file_dialog, drop_files, open_studio

from studio.core.picture_task import HINTS
from studio.core.resizing import to_8_bits
from studio.core.restore_settings import RestoreSettings


def test_a_hole_is_painted_filled_taken_back_and_filled_otherwise(home, tmp_path, qtbot):
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "wall.png")
    filler = write_network(tmp_path / "filler.safetensors", small_filler(), SMALL_FILLER)
    with open_studio(home) as studio:
        sitter = Retoucher(studio, qtbot)
        sitter.session.set_settings(RestoreSettings(inpainter=str(filler)))
        sitter.does("Fill")
        assert drop_files(sitter.panel.canvas.viewport(), tmp_path / "wall.png")
        sitter.waits_until(lambda: sitter.session.photo is not None)
        sitter.chooses("Hole")
        sitter.takes("rectangle")
        sitter.paints((20, 20), (44, 44))
        sitter.waits()
        first = sitter.session.layer
        assert sitter.is_restored(32, 32)
        assert not sitter.is_restored(90, 40)
        sitter.paints((80, 30), (100, 50))
        sitter.waits()
        assert sitter.is_restored(90, 40)
        sitter.presses(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        sitter.waits()
        assert np.array_equal(sitter.session.layer, first)
        sitter.clicks(sitter.panel.column.another_button)
        sitter.waits()
        assert sitter.session.recipe.settings["proposal"] == 1
        other = sitter.session.layer
        assert not np.array_equal(other[22:42, 22:42], first[22:42, 22:42])
        assert np.array_equal(other[50:], first[50:])


def test_scratches_are_found_corrected_by_hand_and_mended(home, tmp_path, qtbot):
    aged = soft_photo(80, 120)
    aged[20:22, 10:90] = 255
    aged[50:53, 60:63] = 255  # the glint of an eye
    Image.fromarray(aged).save(tmp_path / "aged.png")
    filler = write_network(tmp_path / "filler.safetensors", small_filler(), SMALL_FILLER)
    detector = write_network(tmp_path / "white.safetensors", white_detector(), SMALL_DETECTOR)
    with open_studio(home) as studio:
        sitter = Retoucher(studio, qtbot)
        sitter.session.set_settings(RestoreSettings(inpainter=str(filler), scratch_detector=str(detector)))
        sitter.does("Scratches")
        assert drop_files(sitter.panel.canvas.viewport(), tmp_path / "aged.png")
        sitter.waits_until(lambda: sitter.panel.column.found_button.isVisible())
        sitter.waits()
        assert (sitter.is_restored(50, 21), sitter.is_restored(61, 51)) == (True, True)
        sitter.clicks(sitter.panel.column.found_button)
        sitter.takes("eraser")
        sitter.paints(*((x, y) for y in (48, 50, 52, 54) for x in (56, 67)))
        sitter.waits()
        assert (sitter.is_restored(50, 21), sitter.is_restored(61, 51)) == (True, False)
        assert [(mask.name, mask.role) for mask in sitter.masks.all] == [("Found", "hole")]


def test_two_hints_colour_a_photo_come_back_with_it_and_serve_another(home, tmp_path, qtbot):
    for name, seed in (("first.png", 0), ("second.png", 1)):
        Image.fromarray(soft_photo(80, 120, seed)).convert("L").save(tmp_path / name)
    colouriser = write_colouriser(tmp_path / "colour.safetensors")
    with open_studio(home) as studio:
        sitter = Retoucher(studio, qtbot)
        sitter.session.set_settings(RestoreSettings(colouriser=str(colouriser)))
        sitter.does("Colour")
        canvas, likely = sitter.panel.canvas.viewport(), sitter.section.likely
        assert drop_files(canvas, tmp_path / "first.png")
        sitter.waits()
        alone = sitter.session.layer
        sitter.chooses("Colour hints")
        for place, choice in (((30, 40), 0), ((90, 40), 1)):
            sitter.paints(place)
            sitter.waits_until(likely.isVisible)
            sitter.clicks(likely.buttons[choice])
        sitter.waits()
        told, (mask,) = sitter.session.layer, sitter.masks.all
        assert (mask.painted.pixels[40, [30, 90], 3] == 255).all()
        assert not np.array_equal(told, alone)
        with answering_file_dialog(tmp_path / "hints.png"):
            sitter.section.save_requested.emit(mask.key)
        sitter.waits_until((tmp_path / "hints.png").is_file)
        with answering_file_dialog(tmp_path / "coloured.png"):
            sitter.panel.save_as()
        sitter.waits_until(lambda: (tmp_path / "coloured.png").is_file() and studio.pictures.is_idle)
        assert drop_files(canvas, tmp_path / "second.png")
        sitter.waits_until(lambda: sitter.session.photo.picture.name == "second.png")
        assert sitter.masks.all == ()
        sitter.waits()
        sitter.section.files_dropped.emit([tmp_path / "hints.png"])
        sitter.waits_until(lambda: sitter.session.inputs[HINTS])
        sitter.waits()
        assert [used.role for used in sitter.session.recipe.inputs] == ["content", "hints"]
        studio.window.open_files([tmp_path / "coloured.png"])
        sitter.waits_until(lambda: sitter.session.photo.picture.name == "first.png")
        sitter.waits()
        assert np.array_equal(sitter.session.layer, to_8_bits(told))
        assert [one.role for one in sitter.masks.all] == [HINTS]
