"""Filling holes, finding damage and writing, and old photos in one go: what comes out, and making it again."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from colouriser_kit import write_colouriser
from PIL import Image
from restorer_kit import ENHANCER, write_restorer
from retouch_kit import (
    SMALL_DETECTOR,
    SMALL_FILLER,
    small_filler,
    soft_photo,
    white_detector,
    write_network,
)

from models.scratch_detector import DAMAGE, KINDS
from studio.core.controls import Controls
from studio.core.events import Log, Preview, Progress, finish
from studio.core.failures import StudioError
from studio.core.images import full_depth, load_picture
from studio.core.picture_task import CONTENT, HINTS, HOLE, MASK, PictureRequest
from studio.core.resizing import to_16_bits
from studio.core.restore_settings import RestoreSettings
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.restore import scratches as scratches_module
from studio.jobs.restore.fill import grown
from studio.jobs.restore.restore import restore
from studio.jobs.restore.scratches import found_damage, threshold_of

LINE = np.zeros((64, 80), np.bool_)
LINE[20:22, 10:60] = True
LINE[40:50, 60:70] = True


@pytest.fixture
def networks(tmp_path, monkeypatch):
    """A detector of white, and a filler, in the folder that one works in."""
    write_network(tmp_path / "white.safetensors", white_detector(), SMALL_DETECTOR)
    write_network(tmp_path / "filler.safetensors", small_filler(), SMALL_FILLER)
    write_restorer(tmp_path / "enhancer.safetensors", ENHANCER)
    monkeypatch.chdir(tmp_path)
    return {"scratch_detector": "white.safetensors", "inpainter": "filler.safetensors"}


def saved(path, pixels):
    Image.fromarray(pixels).save(path)
    return load_picture(path)


@pytest.fixture
def scratched_photo(tmp_path):
    pixels = soft_photo()
    pixels[LINE] = 255
    return saved(tmp_path / "scratched.png", pixels)


def hole_of(tmp_path, where=LINE, name="hole.png"):
    return saved(tmp_path / name, np.where(where, 255, 0).astype(np.uint8))


def test_a_hole_is_filled_and_nothing_else_changes(scratched_photo, networks, tmp_path):
    request = PictureRequest({CONTENT: (scratched_photo,), HOLE: (hole_of(tmp_path),)})
    result = finish(restore(request, Controls(RestoreSettings(mode="fill", **networks))))
    given = to_16_bits(scratched_photo.pixels)
    assert np.array_equal(result.picture[~LINE], given[~LINE])
    wanted = soft_photo()[LINE].astype(float)
    assert np.abs(result.picture[LINE] / 257.0 - wanted).mean() < 0.3 * np.abs(255 - wanted).mean()
    assert [record.name for record in result.recipe.weights] == ["filler.safetensors"]
    assert [used.role for used in result.recipe.inputs] == [CONTENT, HOLE]
    assert result.found == {}


@pytest.mark.parametrize("mode", ["fill", "old-photo"])
def test_a_recipe_makes_the_same_picture_again(mode, scratched_photo, networks, tmp_path):
    inputs = {CONTENT: (scratched_photo,)} | ({HOLE: (hole_of(tmp_path),)} if mode == "fill" else {})
    settings = RestoreSettings(mode=mode, proposal=2, model="enhancer.safetensors", denoise=0.5, **networks)
    result = finish(restore(PictureRequest(inputs), Controls(settings)))
    again = finish(restore(PictureRequest(inputs), ReplayControls(result.recipe)))
    assert np.array_equal(again.picture, result.picture)


def test_sixteen_bits_stay_sixteen_outside_the_hole(networks, tmp_path):
    deep = (soft_photo().astype(np.uint16) * 199) + 7
    cv2.imwrite(str(tmp_path / "deep.tif"), deep[..., ::-1])
    photo = load_picture(tmp_path / "deep.tif")
    request = PictureRequest({CONTENT: (photo,), HOLE: (hole_of(tmp_path),)})
    result = finish(restore(request, Controls(RestoreSettings(mode="fill", **networks))))
    assert np.array_equal(result.layer[~LINE], full_depth(photo)[~LINE][:, :3])
    assert np.array_equal(result.layer[~LINE], deep[~LINE])


def test_several_holes_count_together_at_any_size_and_what_is_protected_stays(scratched_photo, networks, tmp_path):
    top, protected = np.zeros((32, 40), np.uint8), np.zeros((64, 80), np.uint8)
    top[:8] = 255
    protected[40:] = 255
    masks = {
        HOLE: (saved(tmp_path / "top.png", top), hole_of(tmp_path)),
        MASK: (saved(tmp_path / "protected.png", protected),),
    }
    request = PictureRequest({CONTENT: (scratched_photo,), **masks})
    result = finish(restore(request, Controls(RestoreSettings(mode="fill", **networks))))
    changed = (result.layer != to_16_bits(scratched_photo.pixels)).any(axis=2)
    assert changed[:14].mean() > 0.9
    assert changed[20:22, 10:60].all()
    assert not changed[40:].any()


def test_proposals_differ(networks, tmp_path):
    photo = saved(tmp_path / "noise.png", np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8))
    where = np.zeros((64, 80), np.bool_)
    where[20:44, 30:54] = True
    request = PictureRequest({CONTENT: (photo,), HOLE: (hole_of(tmp_path, where),)})
    made = [
        finish(restore(request, Controls(RestoreSettings(mode="fill", **networks, **chance)))).picture
        for chance in ({}, {"proposal": 1}, {"seed": 1})
    ]
    assert not np.array_equal(made[0], made[1])
    assert np.array_equal(made[1], made[2])


def test_without_a_network_holes_are_filled_and_that_is_said(scratched_photo, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.jobs.restore.retouch_networks.AUTOMATIC_FILLER", "none of this name")
    request = PictureRequest({CONTENT: (scratched_photo,), HOLE: (hole_of(tmp_path),)})
    job, events = restore(request, Controls(RestoreSettings(mode="fill"))), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            result = end.value
            break
    assert result.recipe.weights == ()
    assert any(isinstance(event, Log) and event.level == "warning" for event in events)
    assert any(isinstance(event, Preview) and event.picture.shape == (64, 80, 3) for event in events)
    shares = [event.share for event in events if isinstance(event, Progress) and event.share is not None]
    assert shares[-1] == pytest.approx(1.0)
    assert np.array_equal(finish(restore(request, ReplayControls(result.recipe))).picture, result.picture)


@pytest.mark.parametrize("hole", [None, np.zeros((64, 80), np.bool_)])
def test_without_a_hole_there_is_nothing_to_fill(hole, scratched_photo, networks, tmp_path):
    holes = () if hole is None else (hole_of(tmp_path, hole),)
    request = PictureRequest({CONTENT: (scratched_photo,), HOLE: holes})
    with pytest.raises(StudioError, match="no hole"):
        finish(restore(request, Controls(RestoreSettings(mode="fill", **networks))))


def test_where_all_of_the_picture_is_gone_nothing_can_be_made_of_it(scratched_photo, networks, tmp_path):
    request = PictureRequest({CONTENT: (scratched_photo,), HOLE: (hole_of(tmp_path, np.ones_like(LINE)),)})
    with pytest.raises(StudioError, match="all of the picture"):
        finish(restore(request, Controls(RestoreSettings(mode="fill", **networks))))


def test_scratches_are_found_and_filled_with_a_rim(scratched_photo, networks):
    request = PictureRequest({CONTENT: (scratched_photo,)})
    result = finish(restore(request, Controls(RestoreSettings(mode="scratches", **networks))))
    found = result.found[HOLE][..., 0] > 0
    assert np.array_equal(found, LINE)
    rim = grown(np.where(LINE, 255, 0).astype(np.uint8)) > 0
    given = to_16_bits(scratched_photo.pixels)
    assert np.array_equal(result.layer[~rim], given[~rim])
    assert (result.layer[LINE].astype(float) < 0.9 * 65535).all()
    assert [record.name for record in result.recipe.weights] == ["white.safetensors", "filler.safetensors"]


def test_what_is_wide_and_pieces_near_it_get_a_wider_rim_than_a_thin_scratch():
    hole = np.zeros((200, 300), np.uint8)
    hole[20:22, 20:280] = 255  # a scratch by itself
    hole[100:110, 100:160] = 255  # a crack, and a flake beside it
    hole[105:107, 163:170] = 255

    made = grown(hole) > 0

    assert np.argmax(made[:, 50]) == 20 - 1
    assert np.argmax(made[50:, 130]) == 50 - 2
    assert np.argmax(made[50:, 166]) == 55 - 2
    assert not grown(np.zeros_like(hole)).any()


def test_a_corrected_mask_stands_in_place_of_what_would_be_found(scratched_photo, networks, tmp_path):
    only = np.zeros_like(LINE)
    only[40:50, 60:70] = True
    request = PictureRequest({CONTENT: (scratched_photo,), HOLE: (hole_of(tmp_path, only),)})
    result = finish(restore(request, Controls(RestoreSettings(mode="scratches", **networks))))
    given = to_16_bits(scratched_photo.pixels)
    assert np.array_equal(result.layer[20:22], given[20:22])
    assert (result.layer[only] < 0.9 * 65535).all()


def test_what_is_found_is_what_is_filled_and_writing_is_another_matter(scratched_photo, networks):
    request = PictureRequest({CONTENT: (scratched_photo,)})
    damage, writing = (
        finish(restore(request, Controls(RestoreSettings(mode=mode, **networks)))).found[HOLE]
        for mode in ("scratches", "text")
    )
    assert np.array_equal(damage[..., 0] > 0, LINE)
    assert not writing.any()


def test_a_more_sensitive_search_finds_more():
    assert threshold_of(0.5) == 0.5
    assert threshold_of(0.0) == pytest.approx(1 - threshold_of(1.0)) == pytest.approx(1 / (1 + np.exp(-4)))


def test_a_large_hole_is_found_from_afar_and_a_thin_line_is_no_wider_for_it(monkeypatch):
    picture = np.full((800, 900, 3), 90, np.uint8)
    picture[200:320, 300:420] = picture[600, 100:800] = 255
    looks = []

    def look(_network, pixels, _strength, *, side, made):
        looks.append(pixels.shape[0])
        made[...] = 0
        made[..., KINDS.index(DAMAGE)] = 65535 * (pixels[..., 0] > 150)
        if pixels.shape[0] > 500:  # it does not know the hole: it never sees a whole one
            made[:500] = 0
        yield None, 1.0

    monkeypatch.setattr(scratches_module, "restore_in_tiles", look)
    found = finish(found_damage(picture, SimpleNamespace(network=None), 0.5)) > 0
    assert looks == [800, 400, 200]
    assert found[600, 100:800].all()
    assert not found[602, 100:800].any()
    assert found[204:316, 304:416].all()
    assert found.sum() < 700 + 130**2


def test_no_splinter_is_left_between_a_large_hole_and_its_rim_and_cracks_keep_their_bends(monkeypatch):
    picture = np.full((600, 900, 3), 90, np.uint8)
    picture[300:, 500:] = 255  # a missing corner
    picture[100:106, 100:300] = picture[112:118, 100:300] = 255  # a crack that runs back beside itself

    def look(_network, pixels, _strength, *, side, made):
        made[...] = 0
        made[..., KINDS.index(DAMAGE)] = 65535 * (pixels[..., 0] > 150)
        share = pixels.shape[0] / 600
        if share < 1:  # from afar it knows the corner, and not all of it
            made[: int(312 * share)] = 0
        else:  # near by it knows its rim
            made[304:, 504:] = 0
        yield None, 1.0

    monkeypatch.setattr(scratches_module, "restore_in_tiles", look)
    found = finish(found_damage(picture, SimpleNamespace(network=None), 0.5)) > 0
    assert found[300:, 500:].all()
    assert not found[107:111, 120:280].any()
    assert found[:290].sum() == 2 * 6 * 200


def test_in_text_a_photo_without_writing_stays(scratched_photo, networks):
    request = PictureRequest({CONTENT: (scratched_photo,)})
    result = finish(restore(request, Controls(RestoreSettings(mode="text", **networks))))
    assert np.array_equal(result.layer, to_16_bits(scratched_photo.pixels))


def test_an_old_photo_is_filled_first_and_mended_then(scratched_photo, networks):
    request = PictureRequest({CONTENT: (scratched_photo,)})
    settings = RestoreSettings(mode="old-photo", model="enhancer.safetensors", denoise=1.0, **networks)
    result = finish(restore(request, Controls(settings)))
    names = ["white.safetensors", "filler.safetensors", "enhancer.safetensors"]
    assert [record.name for record in result.recipe.weights] == names
    assert np.array_equal(result.found[HOLE][..., 0] > 0, LINE)
    filled = finish(restore(request, Controls(settings.model_copy(update={"mode": "scratches"})))).layer
    assert not np.array_equal(result.layer, filled)


@pytest.fixture
def old_photo(scratched_photo, networks, tmp_path):
    """Restores a toned print with a white scratch in one go, with these settings and hints."""
    write_colouriser(tmp_path / "colour.safetensors")
    toned = np.asarray(Image.fromarray(scratched_photo.pixels).convert("L"))[..., None] * np.array([0.95, 0.85, 0.7])
    toned[LINE] = 255
    prints = {"toned": saved(tmp_path / "toned.png", toned.astype(np.uint8)), "coloured": scratched_photo}

    def made(which, *hints, **settings):
        request = PictureRequest({CONTENT: (prints[which],), HINTS: hints})
        asked = {"mode": "old-photo", "model": "enhancer.safetensors", "colouriser": "colour.safetensors", **networks}
        return request, finish(restore(request, Controls(RestoreSettings(**asked | settings))))

    return made


def was_coloured(result):
    return "colour.safetensors" in [record.name for record in result.recipe.weights]


def test_an_old_photo_is_coloured_where_it_is_toned_or_that_is_asked_for(old_photo, tmp_path):
    hints = np.zeros((64, 80, 4), np.uint8)
    hints[30:34, 20:24] = (200, 40, 40, 255)
    dot = saved(tmp_path / "dot.png", hints)
    assert [was_coloured(old_photo("toned", recolour=how)[1]) for how in ("grey", "never")] == [True, False]
    assert [was_coloured(old_photo("coloured", recolour=how)[1]) for how in ("grey", "always")] == [False, True]
    _, alone = old_photo("toned")
    request, told = old_photo("toned", dot)
    assert not np.array_equal(told.layer[30:34, 20:24], alone.layer[30:34, 20:24])
    assert was_coloured(old_photo("coloured", dot)[1])
    assert np.array_equal(told.found[HOLE][..., 0] > 0, LINE)
    assert np.array_equal(finish(restore(request, ReplayControls(told.recipe))).picture, told.picture)


def test_an_old_photo_stays_grey_where_nothing_here_colours_it_and_that_is_said(old_photo, monkeypatch):
    monkeypatch.setattr("studio.jobs.restore.colourise.AUTOMATIC_COLOURISER", "none of this name")
    request, grey = old_photo("toned", colouriser="")
    assert len(grey.recipe.weights) == 3
    assert np.array_equal(finish(restore(request, ReplayControls(grey.recipe))).picture, grey.picture)
    with pytest.raises(StudioError, match="not on this computer"):
        old_photo("toned", colouriser="", recolour="always")


def test_a_detector_that_is_not_here_is_told(scratched_photo, monkeypatch):
    monkeypatch.setattr("studio.jobs.restore.retouch_networks.AUTOMATIC_DETECTOR", "none of this name")
    request = PictureRequest({CONTENT: (scratched_photo,)})
    with pytest.raises(StudioError, match="not on this computer"):
        finish(restore(request, Controls(RestoreSettings(mode="scratches"))))
