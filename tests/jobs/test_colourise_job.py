"""Colouring a photo: in its depth, with its alpha, as hinted at, again from its recipe; and the palette of a place."""

import cv2
import numpy as np
import pytest
from colouriser_kit import write_colouriser
from PIL import Image

from studio.core.controls import Controls
from studio.core.events import Progress, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, HINTS, MASK, PictureRequest
from studio.core.restore_settings import RestoreSettings
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.restore.choices import missing
from studio.jobs.restore.palette import PaletteTask, suggest_palette
from studio.jobs.restore.restore import restore


@pytest.fixture
def photo(tmp_path):
    light = cv2.resize(np.random.default_rng(0).integers(30, 220, (6, 8), np.uint8), (80, 60))
    picture = np.dstack([light] * 3 + [np.full_like(light, 255)])
    picture[:8, :, 3] = 0
    Image.fromarray(picture).save(tmp_path / "photo.png")
    return load_picture(tmp_path / "photo.png")


@pytest.fixture
def colouriser(tmp_path):
    return str(write_colouriser(tmp_path / "colour.safetensors"))


@pytest.fixture
def hints(tmp_path):
    picture = np.zeros((30, 40, 4), np.uint8)
    picture[14:17, 19:22] = (200, 30, 40, 255)
    Image.fromarray(picture).save(tmp_path / "hints.png")
    return load_picture(tmp_path / "hints.png")


def made(photo, *hints, masks=(), **settings):
    request = PictureRequest({CONTENT: (photo,), HINTS: hints, MASK: masks})
    return finish(restore(request, Controls(RestoreSettings(mode="colourise", **settings))))


def chroma(picture):
    floats = np.ascontiguousarray(picture[..., :3].astype(np.float32) / 65535)
    return np.linalg.norm(cv2.cvtColor(floats, cv2.COLOR_RGB2Lab)[..., 1:], axis=2)


def test_a_grey_photo_gets_colours_and_keeps_its_size_and_alpha(photo, colouriser):
    result = made(photo, colouriser=colouriser, scale="4", denoise=1.0)
    assert result.picture.shape == (60, 80, 4)
    assert (result.picture[:8, :, 3] == 0).all()
    assert (result.picture[8:, :, 3] == 65535).all()
    assert chroma(result.picture).mean() > 3
    assert [record.name for record in result.recipe.weights] == ["colour.safetensors"]


def test_a_hint_tells_more_than_the_guess(photo, colouriser, hints):
    alone, told = (made(photo, *given, colouriser=colouriser).layer for given in ((), (hints,)))
    spot = slice(28, 34), slice(38, 44)
    assert not np.array_equal(alone[spot], told[spot])
    assert (
        told[spot][..., 0].mean() - told[spot][..., 1].mean() > alone[spot][..., 0].mean() - alone[spot][..., 1].mean()
    )


def test_hints_without_transparency_are_refused(photo, colouriser):
    opaque = load_picture(photo.path)
    Image.fromarray(opaque.pixels[..., :3]).save(photo.path.with_name("opaque.png"))
    with pytest.raises(StudioError, match="no transparency"):
        made(photo, load_picture(photo.path.with_name("opaque.png")), colouriser=colouriser)


def test_sixteen_bits_stay_sixteen_bits(tmp_path, colouriser):
    ramp = np.linspace(20_000, 24_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), np.dstack([ramp] * 3))
    result = made(load_picture(tmp_path / "deep.png"), colouriser=colouriser)
    assert len(np.unique(result.picture[..., 1])) > 1000  # 8 bits would leave some sixty


def test_saturation_and_warmth_act_at_once(photo, colouriser):
    plain = made(photo, colouriser=colouriser)
    grey, warm, cold = (
        made(photo, colouriser=colouriser, **settings).picture.astype(np.float64)
        for settings in ({"saturation": 0.0}, {"warmth": 1.0}, {"warmth": -1.0})
    )
    assert np.ptp(grey[..., :3], axis=2).max() <= 1
    assert np.array_equal(made(photo, colouriser=colouriser, warmth=1.0).layer, plain.layer)  # what is made is the same
    for picture, sign in ((warm, 1), (cold, -1)):
        moved = picture - plain.picture
        assert sign * (moved[..., 0] - moved[..., 2])[10:].mean() > 1000
        luma = moved[..., :3] @ (0.2126, 0.7152, 0.0722)
        assert np.abs(luma).max() < 4


def test_what_is_protected_stays_grey(photo, colouriser, tmp_path):
    mask = np.zeros((60, 80), np.uint8)
    mask[:, 40:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    layer = made(photo, masks=(load_picture(tmp_path / "mask.png"),), colouriser=colouriser).layer
    assert np.array_equal(layer[10:, 45:], photo.pixels[10:, 45:, :3].astype(np.uint16) * 257)
    assert chroma(layer[10:, :35]).mean() > 3


def test_it_is_made_again_from_its_recipe(photo, colouriser, hints, tmp_path, monkeypatch):
    first = made(photo, hints, colouriser=colouriser, warmth=0.3, saturation=1.2)
    assert [(one.role, one.name) for one in first.recipe.inputs] == [("content", "photo.png"), ("hints", "hints.png")]
    controls = ReplayControls(first.recipe)
    request = PictureRequest({CONTENT: (photo,), HINTS: (hints,)})
    with pytest.raises(StudioError, match="not on this computer"):
        finish(restore(request, controls))
    monkeypatch.chdir(tmp_path)
    again = finish(restore(request, controls))
    assert np.array_equal(again.picture, first.picture)
    assert again.recipe == first.recipe


def test_it_can_be_stopped_between_bands(photo, colouriser, monkeypatch):
    monkeypatch.setattr("models.colouring._BAND_PIXELS", 800)
    job = restore(
        PictureRequest({CONTENT: (photo,)}), Controls(RestoreSettings(mode="colourise", colouriser=colouriser))
    )
    shares = [event.share for event in job if isinstance(event, Progress) and event.stage == "Colouring"]
    assert len(shares) >= 6
    assert shares[-1] == 1.0


def test_a_network_that_is_not_there_is_told_with_what_to_do(photo, colouriser):
    with pytest.raises(StudioError, match="no colouriser called"):
        made(photo, colouriser="nobody")
    broken = photo.path.with_name("broken.safetensors")
    broken.write_bytes(b"\0" * 40)
    with pytest.raises(StudioError):
        made(photo, colouriser=str(broken))
    assert missing(RestoreSettings(mode="colourise"), {}, (80, 60)) == ()


def test_a_place_has_a_palette(photo, colouriser, hints):
    controls = Controls(RestoreSettings(mode="colourise", colouriser=colouriser))
    palette = finish(suggest_palette(PaletteTask(photo, 0.5, 0.5), controls))
    assert 1 <= len(palette) <= 8
    chances = [one.chance for one in palette]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1.0 + 1e-6
    assert all(0 <= value <= 255 for one in palette for value in one.colour)
    assert finish(suggest_palette(PaletteTask(photo, 0.5, 0.5, (hints,)), controls)) != palette
