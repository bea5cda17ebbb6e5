"""Every mode against its written formula, in double precision, and the properties that hold whatever the settings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.compositing import Backdrop, compose
from studio.core.resizing import resize
from studio.core.style_settings import StyleSettings

MODES = ("normal", "luminosity", "soft_light", "multiply", "screen")
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
ROUNDING = 2 / 65535
rng = np.random.default_rng(5)
PHOTO = rng.integers(0, 256, (24, 31, 3), np.uint8)
PAINTING = rng.integers(0, 65536, (24, 31, 3)).astype(np.uint16)
base, top = PHOTO / 255, PAINTING / 65535

any_settings = st.builds(
    StyleSettings,
    strength=st.floats(0, 1),
    blend=st.sampled_from(MODES),
    original_colours=st.floats(0, 1),
    saturation=st.floats(0, 2),
)


def luma(colours):
    return (colours @ WEIGHTS)[..., None]


def in_range(luma_value, chroma):
    """The longest share of the chroma vector that stays between black and white."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        room = np.where(chroma > 0, (1 - luma_value) / chroma, np.where(chroma < 0, luma_value / -chroma, np.inf))
    return luma_value + chroma * np.minimum(1, room.min(axis=-1, keepdims=True))


def composed(**changes):
    return compose(PHOTO, PAINTING, StyleSettings(**changes)) / 65535


def test_by_default_the_picture_is_exactly_the_painting():
    assert np.array_equal(compose(PHOTO, PAINTING, StyleSettings()), PAINTING)
    eight = (PAINTING >> 8).astype(np.uint8)
    assert np.array_equal(compose(PHOTO, eight, StyleSettings()), eight * 257.0)


@settings(max_examples=25)
@given(any_settings)
def test_at_strength_0_the_picture_is_exactly_the_photo(chosen):
    chosen = chosen.model_copy(update={"strength": 0.0})
    assert np.array_equal(compose(PHOTO, PAINTING, chosen), PHOTO * 257.0)


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.99])
def test_strength_is_opacity(strength):
    assert np.abs(composed(strength=strength) - (base * (1 - strength) + top * strength)).max() < ROUNDING


def soft_light(b, t):
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(t <= 0.5, b - (1 - 2 * t) * b * (1 - b), b + (2 * t - 1) * (d - b))


@pytest.mark.parametrize(
    ("mode", "formula"),
    [("multiply", lambda b, t: b * t), ("screen", lambda b, t: 1 - (1 - b) * (1 - t)), ("soft_light", soft_light),
     ("luminosity", lambda b, t: in_range(luma(t), b - luma(b)))],
)  # fmt: skip
def test_blend_modes_follow_their_formulas(mode, formula):
    assert np.abs(composed(blend=mode) - formula(base, top)).max() < ROUNDING


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_original_colours_are_the_photos_chroma_under_the_paintings_light(share):
    chroma = (1 - share) * (top - luma(top)) + share * (base - luma(base))
    assert np.abs(composed(original_colours=share) - in_range(luma(top), chroma)).max() < ROUNDING


@pytest.mark.parametrize("factor", [0.5, 1.6, 2.0])
def test_saturation_scales_chroma_and_keeps_light_and_hue(factor):
    result = composed(saturation=factor)
    chroma = top - luma(top)
    assert np.abs(result - in_range(luma(top), factor * chroma)).max() < ROUNDING
    assert np.abs(luma(result) - luma(top)).max() < ROUNDING
    cross = np.cross(result - luma(result), chroma)  # parallel chroma vectors: the same hue
    assert np.abs(cross).max() < 1e-4


@settings(max_examples=25)
@given(any_settings)
def test_at_saturation_0_and_full_strength_all_is_grey(chosen):
    grey = compose(PHOTO, PAINTING, chosen.model_copy(update={"strength": 1.0, "saturation": 0.0})).astype(int)
    assert np.ptp(grey, axis=2).max() <= 1


@settings(max_examples=60)
@given(any_settings, st.integers(0, 2**32 - 1))
def test_extremes_never_wrap_around(chosen, seed):
    """Black, white and their neighbours under any settings, against the same sum in double precision."""
    random = np.random.default_rng(seed)
    photo = random.choice(np.array([0, 1, 128, 254, 255], np.uint8), (3, 5, 3))
    painting = random.choice(np.array([0, 1, 32768, 65534, 65535], np.uint16), (3, 5, 3))
    b, t = photo / 255, painting / 65535
    if chosen.original_colours > 0:
        k = chosen.original_colours
        t = in_range(luma(t), (1 - k) * (t - luma(t)) + k * (b - luma(b)))
    formulas = {
        "normal": lambda: t,
        "multiply": lambda: b * t,
        "screen": lambda: b + t - b * t,
        "soft_light": lambda: soft_light(b, t),
        "luminosity": lambda: in_range(luma(t), b - luma(b)),
    }
    mixed = formulas[chosen.blend]()
    mixed = in_range(luma(mixed), chosen.saturation * (mixed - luma(mixed)))
    expected = b + chosen.strength * (mixed - b)
    assert np.abs(compose(photo, painting, chosen) / 65535 - expected).max() < 1e-4


def test_a_picture_of_many_bands_equals_its_rows_taken_alone():
    photo = np.random.default_rng(1).integers(0, 256, (400, 300, 3), np.uint8)
    painting = np.random.default_rng(2).integers(0, 65536, (400, 300, 3)).astype(np.uint16)
    chosen = StyleSettings(strength=0.7, blend="soft_light", saturation=1.3, original_colours=0.4)
    whole = compose(photo, painting, chosen)
    for rows in (slice(0, 150), slice(150, 400)):
        assert np.abs(whole[rows].astype(int) - compose(photo[rows], painting[rows], chosen)).max() <= 1


def test_the_photo_is_brought_to_the_paintings_size():
    flat = np.full((10, 14, 3), (40, 80, 120), np.uint8)
    result = compose(flat, PAINTING, StyleSettings(strength=0.5))
    assert result.shape == PAINTING.shape
    assert np.abs(result / 65535 - (top + np.array([40, 80, 120]) / 255) / 2).max() < ROUNDING


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_photos_alpha_is_carried_through(strength):
    alpha = rng.integers(0, 256, (24, 31, 1), np.uint8)
    result = compose(np.dstack([PHOTO, alpha]), PAINTING, StyleSettings(strength=strength))
    assert np.array_equal(result[..., 3:], alpha * 257.0)
    assert np.array_equal(result[..., :3], compose(PHOTO, PAINTING, StyleSettings(strength=strength)))


def test_an_alpha_of_the_painting_does_not_count():
    painting = np.dstack([PAINTING, PAINTING[..., 0]])
    for chosen in (StyleSettings(), StyleSettings(strength=0.5)):
        assert np.array_equal(compose(PHOTO, painting, chosen), compose(PHOTO, PAINTING, chosen))


def test_the_ground_follows_the_painting_through_its_sizes():
    ground = Backdrop(PHOTO)
    assert ground.fitted(24, 31) is PHOTO
    for height, width in ((12, 15), (48, 62), (12, 15)):
        fitted = ground.fitted(height, width)
        assert np.array_equal(fitted, resize(PHOTO, width, height))
        assert ground.fitted(height, width) is fitted
