"""The presets are what they say: the lessons' own lines, Real-ESRGAN's own numbers, and clean enlarging pairs."""

import random
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.degradation_presets import PRESETS
from models.degradations import degrade


def photo(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs of colour, as a photo has them."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def saved(picture: Image.Image, quality: int) -> np.ndarray:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resize_to(picture: Image.Image, side: int) -> tuple[int, int]:
    """fast.ai's, with use_min=True."""
    ratio = side / min(picture.size)
    return int(picture.width * ratio), int(picture.height * ratio)


@pytest.mark.parametrize("size", [(320, 200), (150, 333), (97, 97), (60, 40), (3, 3)])
def test_lesson_7_critic_is_the_lessons_crappify(size):
    original = Image.fromarray(photo(*size))
    for seed in range(12):
        made = degrade(np.asarray(original), PRESETS["lesson7-critic"], seed)
        drawn = made.drawn[1]
        small = original.resize(resize_to(original, 96), resample=Image.Resampling.BILINEAR).convert("RGB")
        ImageDraw.Draw(small).text(
            (drawn["x"], drawn["y"]),
            str(drawn["quality"]),
            fill=(255, 255, 255),
            font=ImageFont.load_default_imagefont(),
        )
        assert np.array_equal(made.picture, saved(small, drawn["quality"]))
        assert 0 <= drawn["x"] <= small.width // 2
        assert 0 <= drawn["y"] <= small.height // 2
        assert made.mask[drawn["y"] :, drawn["x"] :].max() == 255
        assert not made.mask[: drawn["y"]].any()


def test_lesson_7_critic_draws_every_quality_and_all_three_always_happen():
    draws = [degrade(photo(96, 96), PRESETS["lesson7-critic"], seed).drawn for seed in range(300)]
    assert all([each["kind"] for each in drawn] == ["shrink", "quality_number"] for drawn in draws)
    qualities, places = ({drawn[1][name] for drawn in draws} for name in ("quality", "x"))
    assert qualities <= set(range(10, 71))
    assert len(qualities) > 50
    assert places <= set(range(49))
    assert {0, 48} <= places


def test_lesson_7_super_resolution_is_the_lessons_resize_one():
    original = Image.fromarray(photo(300, 211))
    small = original.resize(resize_to(original, 96), resample=Image.Resampling.BILINEAR).convert("RGB")
    made = degrade(np.asarray(original), PRESETS["lesson7-sr"], 5)
    assert np.array_equal(made.picture, saved(small, 60))
    assert not made.mask.any()


def test_web_has_the_published_numbers():
    """`options/train_realesrgan_x4plus.yml`."""
    assert PRESETS["web-x4"].scale == 4
    assert PRESETS["web"].steps == PRESETS["web-x4"].steps
    blur, resize, noise, jpeg, blur2, resize2, noise2, wrapping = PRESETS["web-x4"].steps
    for one, sigma, probability in ((blur, (0.2, 3), 1.0), (blur2, (0.2, 1.5), 0.8)):
        assert (one.sigma, one.probability, one.sinc) == (sigma, probability, 0.1)
        assert one.shapes == (0.45, 0.25, 0.12, 0.03, 0.12, 0.03)
        assert (one.pointed, one.flat) == ((0.5, 4), (1, 2))
    assert (resize.up, resize.down, resize.keep, resize.factor) == (0.2, 0.7, 0.1, (0.15, 1.5))
    assert (resize2.up, resize2.down, resize2.keep, resize2.factor) == (0.3, 0.4, 0.3, (0.3, 1.2))
    assert resize2.of_result
    assert not resize.of_result
    assert (noise.gaussian, noise.sigma, noise.photons, noise.grey) == (0.5, (1, 30), (0.05, 3), 0.4)
    assert (noise2.gaussian, noise2.sigma, noise2.photons, noise2.grey) == (0.5, (1, 25), (0.05, 2.5), 0.4)
    assert jpeg.quality == wrapping.quality == (30, 95)
    assert wrapping.sinc == 0.8


@pytest.mark.parametrize(("name", "scale"), [("web", 1), ("web-x2", 2), ("web-x4", 4)])
def test_web_comes_out_at_its_scale(name, scale):
    for seed in range(12):
        assert degrade(photo(121, 83), PRESETS[name], seed).picture.shape == (83 // scale, 121 // scale, 3)


@pytest.mark.parametrize(("name", "scale"), [("bicubic-x2", 2), ("bicubic-x4", 4)])
def test_clean_enlarging_pairs_are_pillows_bicubic_of_whole_blocks(name, scale):
    picture = photo(4 * 30 + 3, 4 * 20 + 1)
    made = degrade(picture, PRESETS[name], 0).picture
    height, width = made.shape[0] * scale, made.shape[1] * scale
    wanted = Image.fromarray(picture[:height, :width]).resize(made.shape[1::-1], Image.Resampling.BICUBIC)
    assert np.array_equal(made, np.asarray(wanted))


def test_the_last_enlarging_pair_is_saved_at_40():
    clean = degrade(photo(160, 120), PRESETS["bicubic-x4"], 0).picture
    assert np.array_equal(
        degrade(photo(160, 120), PRESETS["bicubic-x4-jpeg40"], 0).picture, saved(Image.fromarray(clean), 40)
    )


def test_black_and_white_is_luma():
    picture = photo(50, 40)
    made = degrade(picture, PRESETS["black-and-white"], 0).picture
    luma = np.rint(picture @ np.array([0.299, 0.587, 0.114]))
    assert np.abs(made.astype(int) - luma[..., None]).max() <= 1
    assert np.array_equal(made[..., 0], made[..., 2])


def test_cut_outs_are_large_black_and_in_the_mask():
    shares = []
    for seed in range(60):
        made = degrade(np.full((120, 160, 3), 200, np.uint8), PRESETS["cut-outs"], seed)
        assert not made.picture[made.mask == 255].any()
        assert (made.picture[made.mask == 0] == 200).all()
        shares.append((made.mask == 255).mean())
    assert min(shares) > 0.01
    assert 0.1 < float(np.mean(shares)) < 0.5


def test_old_photo_is_never_as_it_was_and_its_mask_says_where_it_is_torn():
    picture = photo(200, 160)
    masks = []
    for seed in range(16):
        made = degrade(picture, PRESETS["old-photo"], seed)
        assert np.abs(made.picture.astype(int) - picture).mean() > 3
        masks.append((made.mask > 127).mean())
    assert 0.002 < float(np.mean(masks)) < 0.3


def test_presets_work_on_any_picture_however_tiny():
    chance = random.Random(1)
    for name, recipe in PRESETS.items():
        for size in ((1, 1), (3, 3), (2, 9)):
            made = degrade(photo(*size), recipe, chance.randrange(2**40))
            assert min(made.picture.shape) >= 1, name
