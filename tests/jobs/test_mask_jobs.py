"""Masks as jobs: found by colour, by what stands out, by networks; changed as a whole; written and opened again."""

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.jobs.masks.edit import EditTask, edit_mask, with_found
from studio.jobs.masks.files import MaskFile, SaveMaskTask, as_picture, mask_of, open_mask, save_mask
from studio.jobs.masks.find import CutOut, FindTask, Wand, cut_out, find_faces, find_people, wand

NONE = Controls(None)


@pytest.fixture
def two_discs():
    """Two red discs on a green ground, and each one's mask."""
    photo = np.full((200, 300, 3), (60, 140, 60), np.uint8)
    photo += np.random.default_rng(0).integers(0, 12, photo.shape, np.uint8)
    discs = [cv2.circle(np.zeros((200, 300), np.uint8), centre, 40, 255, -1) for centre in ((80, 100), (220, 100))]
    for disc in discs:
        photo[disc > 0] = (200, 40, 40)
    return photo, *discs


def likeness(mask, wanted):
    """Intersection over union, of what is more than half meant."""
    mask, wanted = mask > 127, wanted > 127
    return (mask & wanted).sum() / (mask | wanted).sum()


def test_a_wand_takes_one_colour_where_it_touches_or_everywhere(two_discs):
    photo, left, right = two_discs
    touching = finish(wand(Wand(photo, 300, 200, 80 / 300, 0.5, 20), NONE))
    everywhere = finish(wand(Wand(photo, 300, 200, 80 / 300, 0.5, 20, touching=False), NONE))
    assert likeness(touching, left) > 0.97
    assert likeness(everywhere, left | right) > 0.97
    ground = finish(wand(Wand(photo, 600, 400, 0.01, 0.01, 20), NONE))  # a mask may be finer than what is looked at
    assert ground.shape == (400, 600)
    assert likeness(ground, cv2.resize(~(left | right), (600, 400))) > 0.97


def test_what_stands_out_is_cut_out_of_a_rectangle_and_around_strokes(two_discs):
    photo, left, _ = two_discs
    found = finish(cut_out(CutOut(photo, 300, 200, (0.05, 0.15, 0.5, 0.85)), NONE))
    assert likeness(found, left) > 0.95
    painted = cv2.circle(np.zeros((200, 300), np.uint8), (80, 100), 34, 255, -1)
    assert likeness(finish(cut_out(CutOut(photo, 300, 200, painted=painted), NONE)), left) > 0.9
    with pytest.raises(StudioError, match="nothing to tell apart"):
        finish(cut_out(CutOut(photo, 300, 200, painted=np.zeros_like(left)), NONE))


def test_where_nobody_is_that_is_said(two_discs):
    plain = np.full((120, 160, 3), 128, np.uint8)
    with pytest.raises(StudioError, match="Nobody"):
        finish(find_people(FindTask(plain, 160, 120), NONE))
    with pytest.raises(StudioError, match="no face"):
        finish(find_faces(FindTask(plain, 160, 120), NONE))


@pytest.mark.data
def test_a_person_and_a_face_are_found(shared_data):
    photo = load_picture(shared_data / "images/free/photos/oi-0032-09c0e499d462dabc.jpg").pixels
    height, width = photo.shape[:2]
    person = finish(find_people(FindTask(photo, width, height), NONE)) > 127
    face = finish(find_faces(FindTask(photo, width, height), NONE)) > 127
    rows, columns = np.nonzero(face)
    assert 0.1 < person.mean() < 0.6
    assert 0.01 < face.mean() < 0.15
    assert rows.max() < 0.5 * height  # it sits upright
    assert 0.3 * width < columns.mean() < 0.7 * width
    assert (person & face).sum() > 0.7 * face.sum()


def test_a_mask_is_turned_round_softened_moved_and_cleared(two_discs):
    _, left, right = two_discs

    def edited(edit, amount=0.0, mask=left):
        return finish(edit_mask(EditTask(mask, edit, amount), NONE))

    assert np.array_equal(edited("invert"), 255 - left)
    assert edited("grow", 5)[100, 80 - 44] > 250 > 5 > edited("grow", 5)[100, 80 - 47]
    assert edited("shrink", 5)[100, 80 - 34] > 250 > 5 > edited("shrink", 5)[100, 80 - 37]
    soft = edited("feather", 8)[100, 30:60].astype(int)
    assert (np.diff(soft) >= 0).all()
    assert ((soft > 20) & (soft < 235)).sum() >= 6
    assert not edited("clear").any()
    assert np.array_equal(with_found(left, right, takes_away=False), left | right)
    assert not with_found(left, left, takes_away=True).any()


def test_a_mask_becomes_a_picture_that_goes_in_and_nothing_where_nothing_is_painted(two_discs):
    _, left, _ = two_discs
    made = finish(as_picture(MaskFile(left, "Sky"), NONE))
    again = finish(as_picture(MaskFile(left.copy(), "Another"), NONE))
    assert made.picture.name == "Sky.png"
    assert made.picture.sha256 == again.picture.sha256
    assert np.array_equal(mask_of(made.picture.pixels, colours=False), left)
    assert finish(as_picture(MaskFile(np.zeros_like(left), "Empty"), NONE)) is None


def test_masks_and_colours_are_written_and_opened_to_the_bit(two_discs, tmp_path):
    photo, left, _ = two_discs
    colours = np.dstack([photo, left])
    for name, pixels in (("mask", left), ("hints", colours)):
        path = finish(save_mask(SaveMaskTask(MaskFile(pixels, name), tmp_path / f"{name}.png"), NONE))
        opened = finish(open_mask(path, NONE))
        assert np.array_equal(mask_of(opened.picture.pixels, colours=name == "hints"), pixels)
    with Image.open(tmp_path / "mask.png") as file:
        assert file.mode == "L"
    photo_file = tmp_path / "photo.png"
    Image.fromarray(photo).save(photo_file)
    assert mask_of(load_picture(photo_file).pixels, colours=True).shape == (200, 300, 4)
