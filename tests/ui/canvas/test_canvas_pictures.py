"""Any number of pictures on one canvas, and any two of them compared."""

import pytest
from canvas_kit import BLUE, GREEN, RED, pixel, pixels, plain_frame, shown_canvas
from PySide6.QtCore import QPointF

from studio.ui.canvas.side_pane import SidePane


@pytest.fixture
def canvas(qtbot):
    """Photo, painting, and the painting as it was on the way."""
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1000, 800, RED))
    canvas.set_after(plain_frame(500, 400, BLUE))
    canvas.set_picture("way back", plain_frame(500, 400, GREEN), "Way back")
    return canvas


def test_a_third_picture_waits_until_it_is_compared(canvas):
    assert canvas.pictures == {"before": "Photo", "after": "Painting", "way back": "Way back"}
    assert pixel(canvas, 320, 300) == BLUE
    canvas.set_compare_mode("split")
    assert (pixel(canvas, 200, 300), pixel(canvas, 440, 300)) == (RED, BLUE)
    canvas.compare("way back", "after")
    assert canvas.labels == ("Way back", "Painting")
    assert (pixel(canvas, 200, 300), pixel(canvas, 440, 300)) == (GREEN, BLUE)


@pytest.mark.parametrize("mode", ["after", "split", "side"])
def test_any_two_are_compared_in_every_mode(canvas, mode):
    colours = {"before": RED, "after": BLUE, "way back": GREEN}
    canvas.set_compare_mode(mode)
    for pair in (("before", "way back"), ("way back", "before"), ("after", "way back"), ("before", "after")):
        canvas.compare(*pair)
        seen = {tuple(p) for p in pixels(canvas)[300]} & set(colours.values())
        assert seen == ({colours[pair[1]]} if mode == "after" else {colours[name] for name in pair})
        canvas.peek(True)
        assert {tuple(p) for p in pixels(canvas)[300]} & set(colours.values()) == {colours[pair[0]]}
        canvas.peek(False)


def test_comparing_with_another_picture_moves_nothing_on_the_screen(canvas):
    canvas.zoom_to(3.0)
    canvas.pan_by(120, -40)
    place, zoom = canvas.to_picture(QPointF(100, 100)), canvas.zoom
    canvas.set_picture("again", plain_frame(1000, 800, GREEN))
    canvas.compare("again", "after")
    assert (canvas.to_picture(QPointF(100, 100)), canvas.zoom) == (place, zoom)


def test_a_picture_in_another_resolution_stays_where_it_is_seen_when_it_leads(canvas):
    canvas.zoom_to(3.0)
    share = canvas.to_picture(QPointF(320, 240)).x() / 500
    canvas.compare("way back", "before")
    assert canvas.picture_size == (1000, 800)
    assert canvas.zoom == pytest.approx(1.5)
    assert canvas.to_picture(QPointF(320, 240)).x() / 1000 == pytest.approx(share, abs=2e-3)


def test_the_divider_of_an_old_pair_cuts_nothing_of_a_new_one(canvas):
    canvas.set_compare_mode("split")
    canvas.set_split(0.2)
    canvas.compare("way back", "after")
    canvas.set_compare_mode("after")
    canvas.compare("after", "before")
    assert (pixel(canvas, 60, 300), pixel(canvas, 580, 300)) == (RED, RED)


def test_a_picture_that_is_taken_away_leaves_nothing_in_the_scene(canvas):
    items = len(canvas.scene().items())
    canvas.set_picture("way back", None)
    assert len(canvas.scene().items()) == items - 1
    assert "way back" not in canvas.pictures
    canvas.clear()
    assert canvas.pictures == {}
    assert canvas.accessibleDescription() == "No picture yet"


def test_one_picture_alone_or_an_unknown_one_cannot_be_compared(canvas):
    for pair in (("after", "after"), ("before", "nowhere")):
        with pytest.raises(ValueError, match="no two pictures to compare"):
            canvas.compare(*pair)
    assert canvas.labels == ("Photo", "Painting")


def test_side_by_side_shows_the_chosen_picture_on_the_left(canvas):
    canvas.set_compare_mode("side")
    canvas.compare("way back", "before")
    pane = canvas.findChild(SidePane)
    assert pane.accessibleName() == "Way back"
    assert pixel(canvas, 160, 240) == GREEN
    assert pixel(canvas, 480, 240) == RED


def test_a_smaller_version_stands_for_the_whole_picture(canvas):
    """While a slider moves, a picture of 2 megapixels is shown for one of 24: nothing that counts pixels may notice."""
    canvas.set_after(None)
    canvas.zoom_to(2.0)
    canvas.pan_by(200, 100)
    place, zoom = canvas.to_picture(QPointF(100, 100)), canvas.zoom
    canvas.set_before(plain_frame(250, 200, GREEN), (1000, 800))
    assert canvas.picture_size == (1000, 800)
    assert (canvas.to_picture(QPointF(100, 100)), canvas.zoom) == (place, zoom)
    assert pixel(canvas, 320, 300) == GREEN
    canvas.set_before(plain_frame(250, 200, GREEN))
    assert canvas.picture_size == (250, 200)
