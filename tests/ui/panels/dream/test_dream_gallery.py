"""The gallery: seeds without an end, what is like a picture, stars, collections, and directions learnt from marks."""

import numpy as np
import pytest
from generator_kit import lively
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QLabel

from models.directions import as_long_as_usual
from models.latent import latents_of
from studio.core.dream_album import STARRED, AlbumShelf
from studio.core.dream_settings import unpacked


@pytest.fixture
def gallery(panel, until):
    """The panel with its gallery in front."""
    panel.show_page("gallery")
    until(lambda: panel.gallery.grid.dreams._small)
    return panel


def rows(panel):
    return panel.gallery.grid.dreams.dreams


def answer(monkeypatch, words):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (words, True))


def test_seeds_go_on_without_an_end_and_a_click_goes_there(gallery, until):
    grid = gallery.gallery.grid
    count = len(rows(gallery))
    assert [dream.seed for dream in rows(gallery)[:3]] == [0, 1, 2]
    grid.scrollToBottom()
    until(lambda: len(rows(gallery)) > count)
    assert rows(gallery)[-1].seed == len(rows(gallery)) - 1
    grid.scrollToTop()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualRect(grid.dreams.index(4)).center())
    assert gallery.session.settings.seed == 4
    assert gallery.column.page.current == "gallery"
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert gallery.column.page.current == "picture"


def test_what_is_like_a_picture_holds_points_near_it(gallery, until):
    gallery.session.go_to_seed(6)
    gallery.gallery.view.buttons[1].click()
    until(lambda: len(rows(gallery)) == 48)
    w = lively().by_stage(lively().map(latents_of((6,), 8))).flatten().numpy()
    others = lively().map(latents_of(range(200), 8)).numpy()
    usual = np.abs(others - others.mean(axis=0)).mean()
    far = [np.abs(unpacked(dream.held.w) - w).mean() for dream in rows(gallery)]
    assert 0.05 * usual < min(far)
    assert np.mean(far) < 0.6 * usual
    gallery.gallery_desk.go_to(rows(gallery)[3])
    assert gallery.session.settings.held.name == "Like Seed 6"


def test_the_nearest_seed_is_the_picture_itself(gallery, until):
    gallery.session.go_to_seed(8)
    gallery.gallery.view.buttons[2].click()
    until(lambda: len(rows(gallery)) == 60)
    assert rows(gallery)[0].seed == 8


def test_stars_and_collections_stay(gallery, until, monkeypatch, panel_context):
    desk, grid = gallery.gallery_desk, gallery.gallery.grid
    grid.setCurrentIndex(grid.dreams.index(2))
    QTest.keyClick(grid, Qt.Key.Key_S)
    gallery.session.go_to_seed(2)
    assert desk.shows_starred
    assert gallery.column.star_button.accessibleName() == "Take the star away"
    gallery.column.star_button.click()
    assert not desk.shows_starred
    gallery.column.star_button.click()
    answer(monkeypatch, "Old men")
    desk.add_collection()
    gallery.gallery.view.buttons[3].click()
    assert desk.collection == "Old men"
    assert [dream.seed for dream in rows(gallery)] == [2]
    shelf = AlbumShelf(panel_context.looks.folder.parent / "dreams")
    until(lambda: shelf.of("Faces").names == (STARRED, "Old men"))
    assert [dream.seed for dream in shelf.of("Faces").of(STARRED)] == [2]
    desk.star(rows(gallery)[0])
    assert not rows(gallery)


def test_an_empty_collection_says_how_it_is_filled_and_keys_act_on_what_the_mouse_is_over(gallery, until):
    page, grid = gallery.gallery, gallery.gallery.grid
    assert grid.hasFocus()
    gallery.gallery.view.buttons[3].click()
    assert page.empty.isVisible()
    assert "press S" in page.empty.findChildren(QLabel)[2].text()
    gallery.gallery.view.buttons[0].click()
    assert grid.isVisible()
    until(lambda: rows(gallery))
    grid.setCurrentIndex(grid.dreams.index(0))
    QTest.mouseMove(grid.viewport(), grid.visualRect(grid.dreams.index(4)).center())
    assert grid.at_hand.seed == 4
    QTest.keyClick(grid, Qt.Key.Key_S)
    assert [dream.seed for dream in gallery.gallery_desk.album.of(STARRED)] == [4]
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.at_hand.seed == 1  # keys went elsewhere
    gallery.gallery.view.buttons[3].click()
    assert grid.isVisible()
    assert not page.empty.isVisible()


def test_a_direction_is_learnt_from_two_groups_of_marks(gallery, until, monkeypatch):
    grid = gallery.gallery.grid
    for row, key in ((1, Qt.Key.Key_Minus), (2, Qt.Key.Key_Minus), (3, Qt.Key.Key_Plus)):
        grid.setCurrentIndex(grid.dreams.index(row))
        QTest.keyClick(grid, key)
    assert "2 with −, 1 with +" in gallery.gallery.words.text()
    answer(monkeypatch, "warmth")
    gallery.gallery.learn_button.click()
    until(lambda: gallery.directions_desk.kept)
    (direction,) = gallery.directions_desk.kept
    generator = lively()
    w = generator.map(latents_of((1, 2, 3), 8))
    apart = as_long_as_usual(generator, w[2:] - w[:2].mean(dim=0))[0].numpy()
    assert np.abs(unpacked(direction.vector) - apart).max() < 0.01
    assert direction.name == "warmth"
    gallery.gallery.clear_button.click()
    assert not gallery.gallery.learn_button.isEnabled()
