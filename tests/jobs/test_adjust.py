"""The arithmetic of Adjust, against formulas written out by hand."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.adjust_settings import AdjustSettings
from studio.core.resizing import to_8_bits, to_16_bits
from studio.jobs.adjust import framed, straightened, toned, upright, white_balance


def noise(height=60, width=90, channels=3, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


def grey(value, side=40):
    """A plain grey of this display value, 16 bits."""
    return np.full((side, side, 3), round(value * 65535), np.uint16)


def shown(settings, *colour):
    """What becomes of a plain colour: display values in, display values out."""
    picture = np.empty((40, 40, 3), np.uint16)
    picture[:] = np.round(np.array(colour) * 65535)
    return toned(picture, AdjustSettings(**settings))[20, 20] / 65535


def light(value):
    """IEC 61966-2-1: display value → linear light."""
    return np.where(
        np.asarray(value) <= 0.04045, np.asarray(value) / 12.92, ((np.asarray(value) + 0.055) / 1.055) ** 2.4
    )


def display(value):
    """And back."""
    value = np.asarray(value)
    return np.where(value <= 0.0031308, 12.92 * value, 1.055 * np.maximum(value, 0) ** (1 / 2.4) - 0.055)


LUMA = np.array([0.2126, 0.7152, 0.0722])
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


# -- identity


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_untouched_settings_change_no_bit(dtype, channels):
    picture = noise(dtype=dtype, channels=channels)
    neutral = AdjustSettings()
    result = toned(framed(picture, neutral), neutral)
    assert result.dtype == np.uint16
    assert np.array_equal(result, to_16_bits(picture))
    assert np.array_equal(to_8_bits(result), to_8_bits(picture))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_kept_whatever_is_done_to_the_colours(dtype):
    picture = noise(dtype=dtype, channels=4)
    strong = AdjustSettings(
        exposure=2, contrast=60, highlights=-50, shadows=70, temperature=40, tint=-20, saturation=50, sharpen=80
    )
    result = toned(picture, strong)
    assert np.array_equal(result[..., 3], to_16_bits(picture)[..., 3])
    assert np.array_equal(result[..., :3], toned(np.ascontiguousarray(picture[..., :3]), strong))


def test_8_and_16_bits_of_the_same_picture_come_out_alike():
    picture = noise()
    settings = AdjustSettings(exposure=0.7, contrast=-30, temperature=25, saturation=30, highlights=-40)
    assert np.array_equal(toned(picture, settings), toned(to_16_bits(picture), settings))


def test_16_bits_in_are_16_bits_out():
    """A ramp of 4,096 neighbouring tones keeps its 4,096 tones; 8 bits would leave 16 of them."""
    ramp = np.arange(30_000, 34_096, dtype=np.uint16)
    picture = np.repeat(np.tile(ramp, (4, 1))[..., None], 3, axis=2)
    assert len(np.unique(toned(picture, AdjustSettings(exposure=0.5)))) == 4096


def test_the_same_settings_make_the_same_bits_again():
    picture = noise(300, 400)
    settings = AdjustSettings(exposure=0.3, contrast=20, highlights=-30, shadows=30, saturation=15, sharpen=40, angle=4)
    first, second = (toned(framed(picture, settings), settings) for _ in range(2))
    assert np.array_equal(first, second)


# -- tones


@pytest.mark.parametrize("stops", [-2.0, -0.5, 1.0])
@pytest.mark.parametrize("value", [0.02, 0.25, 0.5])
def test_exposure_multiplies_light_by_two_to_its_power(stops, value):
    expected = display(light(round(value * 65535) / 65535) * 2.0**stops)
    assert shown({"exposure": stops}, value, value, value) == pytest.approx(np.full(3, expected), abs=2e-5)


def test_what_exposure_drives_beyond_white_is_white():
    assert np.array_equal(shown({"exposure": 3}, 0.8, 0.9, 1.0), [1, 1, 1])


@pytest.mark.parametrize("contrast", [-100, -40, 35, 100])
def test_contrast_is_a_sigmoid_about_mid_grey(contrast):
    k, p = 2 ** (contrast / 100), display(0.18)
    for value in (0.1, 0.3, 0.7, 0.9):
        expected = p * (value / p) ** k if value <= p else 1 - (1 - p) * ((1 - value) / (1 - p)) ** k
        assert shown({"contrast": contrast}, value, value, value) == pytest.approx(np.full(3, expected), abs=1e-4)
    for value in (0.0, float(p), 1.0):
        assert shown({"contrast": contrast}, value, value, value) == pytest.approx(np.full(3, value), abs=5e-5)


def test_contrast_keeps_the_hue_it_scales_colours_by_their_luma():
    colour = np.array([0.5, 0.3, 0.2])
    result = shown({"contrast": -50}, *colour)
    assert result / result[0] == pytest.approx(colour / colour[0], abs=1e-3)


@given(contrast=st.integers(1, 100), value=st.floats(0.05, 0.95))
def test_less_contrast_undoes_more(contrast, value):
    there = shown({"contrast": contrast}, value, value, value)
    assert shown({"contrast": -contrast}, *there) == pytest.approx(np.full(3, value), abs=2e-3)


def test_saturation_multiplies_what_is_not_luma():
    colour = np.array([0.6, 0.4, 0.3])
    luma = colour @ LUMA
    for saturation in (-100, -30, 40):
        expected = luma + (colour - luma) * (1 + saturation / 100)
        assert shown({"saturation": saturation}, *colour) == pytest.approx(expected, abs=3e-5)


def test_a_colour_that_saturation_drives_out_of_range_keeps_its_luma():
    colour = np.array([0.95, 0.2, 0.1])
    result = shown({"saturation": 100}, *colour)
    assert result @ LUMA == pytest.approx(colour @ LUMA, abs=1e-4)
    assert result.max() <= 1.0
    assert result.min() >= 0.0


def test_highlights_and_shadows_are_an_exposure_by_what_lies_around():
    """In a plain area they are the area itself: 2^(h b³ + 2 s (1 − b)³) on its light, b being its display value."""
    for value in (0.2, 0.5, 0.85):
        value = round(value * 65535) / 65535
        for h, s in ((-60, 0), (0, 80), (50, -40)):
            stops = h / 100 * value**3 + 2 * s / 100 * (1 - value) ** 3
            expected = display(light(value) * 2**stops)
            assert shown({"highlights": h, "shadows": s}, value, value, value) == pytest.approx(
                np.full(3, expected), abs=1e-4
            )


def test_highlights_bring_back_what_exposure_drove_out():
    ramp = np.repeat(np.linspace(0.8, 1.0, 400)[None, :, None] * np.ones((50, 1, 3)), 1, axis=0)
    picture = np.round(ramp * 65535).astype(np.uint16)
    burnt = toned(picture, AdjustSettings(exposure=0.6))
    held = toned(picture, AdjustSettings(exposure=0.6, highlights=-100))
    assert (burnt[25] == 65535).all(axis=1).mean() > 0.8
    assert (held[25] == 65535).all(axis=1).mean() < 0.4


@pytest.mark.parametrize("settings", [{"highlights": -100}, {"shadows": 100}, {"highlights": 100, "shadows": -100},
                                      {"highlights": -100, "shadows": 100}, {"contrast": 100}])  # fmt: skip
def test_what_is_brighter_stays_brighter(settings):
    ramp = np.tile(np.arange(0, 65536, 32, dtype=np.uint16)[None, :, None], (200, 1, 3))
    result = toned(ramp, AdjustSettings(**settings))[100, :, 0].astype(int)
    assert (np.diff(result) >= -2).all()


def test_opened_shadows_draw_no_halo_along_a_hard_edge():
    """Beside an edge from dark to bright the dark side is lifted as evenly as far from it."""
    picture = np.empty((300, 600, 3), np.uint16)
    picture[:, :300], picture[:, 300:] = round(0.15 * 65535), round(0.85 * 65535)
    row = toned(picture, AdjustSettings(shadows=100))[150, :, 0] / 65535
    assert abs(row[297] - row[10]) < 0.03
    assert abs(row[303] - row[590]) < 0.03
    assert row[10] == pytest.approx(float(display(light(0.15) * 2 ** (2 * 0.85**3))), abs=1e-3)


def test_sharpening_adds_what_a_blur_takes_away():
    step = np.empty((40, 80, 3), np.uint16)
    step[:, :40], step[:, 40:] = 20_000, 40_000
    row = toned(step, AdjustSettings(sharpen=100))[20, :, 0].astype(float)
    # a step blurred by a Gaussian of 1 px, beside its edge: the share Φ(−½) of the other side
    share = 0.30854
    assert row[39] == pytest.approx(20_000 - 1.5 * share * 20_000, rel=0.03)
    assert row[40] == pytest.approx(40_000 + 1.5 * share * 20_000, rel=0.03)
    assert row[20] == 20_000
    assert row[60] == 40_000


def test_sharpening_a_small_version_is_weaker_by_its_scale():
    picture = noise(60, 90, dtype=np.uint16)
    full, small = (toned(picture, AdjustSettings(sharpen=60), scale=scale) for scale in (1.0, 0.25))
    change = [np.abs(result.astype(float) - picture).mean() for result in (full, small)]
    assert change[1] < 0.2 * change[0]


# -- white balance


def test_a_neutral_balance_is_no_balance():
    assert white_balance(0, 0) == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize(("temperature", "tint"), [(50, 0), (-80, 0), (0, 60), (30, -40)])
def test_grey_keeps_its_luminance(temperature, tint):
    assert XYZ[1] @ white_balance(temperature, tint) @ np.ones(3) == pytest.approx(1.0, abs=1e-6)


def test_minus_takes_away_the_colour_that_plus_brought():
    there_and_back = white_balance(-70, 0) @ white_balance(70, 0)
    assert there_and_back / there_and_back[0, 0] == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_white_moves_by_its_share_of_the_way_from_daylight_to_lamplight(share):
    """In u and v of CIE 1960, from D65 (0.19784, 0.31222) to illuminant A (0.25597, 0.34952)."""
    x, y, z = XYZ @ white_balance(100 * share, 0) @ np.ones(3)
    uv = np.array([4 * x, 6 * y]) / (x + 15 * y + 3 * z)
    expected = (1 - share) * np.array([0.19784, 0.31222]) + share * np.array([0.25597, 0.34952])
    assert uv == pytest.approx(expected, abs=2e-5)


def test_minus_100_makes_a_grey_card_under_lamplight_grey():
    """CIE A has X : Y : Z = 1.0985 : 1 : 0.3558."""
    card = np.linalg.solve(XYZ, np.array([1.0985, 1.0, 0.3558])) * 0.18
    red, green, blue = white_balance(-100, 0) @ card
    assert (red / green, blue / green) == pytest.approx((1.0, 1.0), abs=2e-3)


def test_colours_adapt_as_von_kries_has_it_cone_by_cone():
    """In Bradford's cone space the balance is a diagonal, whatever the colour."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    cones = bradford @ XYZ
    diagonal = cones @ white_balance(60, 0) @ np.linalg.inv(cones)
    assert diagonal - np.diag(np.diag(diagonal)) == pytest.approx(np.zeros((3, 3)), abs=1e-12)
    assert diagonal[0, 0] > 1.0 > diagonal[2, 2]  # more of the long waves, fewer of the short ones: warmer


def test_plus_is_golden_and_magenta():
    warm, magenta = shown({"temperature": 40}, 0.5, 0.5, 0.5), shown({"tint": 40}, 0.5, 0.5, 0.5)
    assert warm[0] > 0.5 > warm[2]
    assert min(magenta[0], magenta[2]) > 0.5 > magenta[1]


# -- geometry


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_crop_copies_pixels(dtype):
    picture = noise(40, 60, 4, dtype)
    settings = AdjustSettings(crop=(0.25, 0.5, 0.75, 1.0))
    assert np.array_equal(framed(picture, settings), picture[20:40, 15:45])


def test_quarter_turns_go_clockwise_and_mirrors_come_after_them():
    picture = noise(4, 6)
    assert np.array_equal(upright(picture, AdjustSettings(turn="90")), np.rot90(picture, -1))
    assert np.array_equal(upright(picture, AdjustSettings(turn="180")), picture[::-1, ::-1])
    assert np.array_equal(upright(picture, AdjustSettings(turn="270")), np.rot90(picture))
    both = upright(picture, AdjustSettings(turn="90", flip="horizontal"))
    assert np.array_equal(both, np.rot90(picture, -1)[:, ::-1])
    assert np.array_equal(upright(picture, AdjustSettings(flip="vertical")), picture[::-1])


def test_the_pixels_of_a_locked_shape_count_up_to_it():
    assert framed(noise(400, 600), AdjustSettings(aspect="1:1")).shape == (400, 400, 3)
    assert framed(noise(400, 600), AdjustSettings(aspect="16:9")).shape == (338, 600, 3)


def smooth(height, width):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    return np.stack([np.sin(x / 9) + np.cos(y / 7), np.cos(x / 11), np.sin((x + y) / 13)], -1) * 12_000 + 32_000


@pytest.mark.parametrize("angle", [7.3, -31.0])
def test_straightening_turns_clockwise_about_the_middle(angle):
    """The pixel at (x, y) from the middle shows what lay at (x cos + y sin, y cos − x sin) of the smooth original."""
    height, width = 200, 300
    picture = smooth(height, width).astype(np.uint16)
    settings = AdjustSettings(angle=angle)
    result = framed(picture, settings).astype(float)
    left, top, right, bottom = settings.box(width, height)
    down, across = result.shape[:2]
    assert (down, across) == (round(bottom - top), round(right - left))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    y, x = np.mgrid[0:down, 0:across].astype(float)
    x, y = x - (across - 1) / 2, y - (down - 1) / 2
    u, v = x * c + y * s + (width - 1) / 2, y * c - x * s + (height - 1) / 2
    expected = np.stack([np.sin(u / 9) + np.cos(v / 7), np.cos(u / 11), np.sin((u + v) / 13)], -1) * 12_000 + 32_000
    assert np.abs(result - expected).max() < 100  # of 65,535: OpenCV places pixels on a grid of 1/32
    assert np.abs(framed(picture, settings, cv2.INTER_LINEAR) - expected).max() < 200


def test_no_edge_of_a_straightened_crop_darkens():
    white = np.full((200, 300, 3), 65535, np.uint16)
    assert (framed(white, AdjustSettings(angle=12.0)) == 65535).all()


def test_what_is_invisible_does_not_bleed_into_what_is_seen():
    picture = np.zeros((100, 100, 4), np.uint8)
    picture[:, :50] = (200, 100, 50, 255)
    picture[:, 50:] = (0, 255, 0, 0)
    result = framed(picture, AdjustSettings(angle=20.0)).astype(int)
    seen = result[result[..., 3] > 8]
    assert np.abs(seen[:, :3] - (200, 100, 50)).max() <= 6


def test_the_whole_straightened_picture_is_black_where_there_is_nothing():
    whole = straightened(np.full((100, 150, 3), 255, np.uint8), AdjustSettings(angle=20.0, crop=(0, 0, 0.1, 0.1)))
    assert whole.shape == (100, 150, 3)
    assert (whole[50, 75] == 255).all()
    assert (whole[0, 0] == 0).all()


@pytest.mark.parametrize(("height", "width"), [(24, 40_000), (40_000, 24)])
def test_a_panorama_is_straightened_however_long_it_is(height, width):
    """A plane stays a plane: at the frame's (x, y) stands what it has at (x cos + y sin, y cos − x sin)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    picture = np.repeat(np.round(1.4 * x + 1.3 * y)[..., None], 3, axis=2).astype(np.uint16)
    crop = (0.002, 0.2, 0.998, 0.8) if width > height else (0.2, 0.002, 0.8, 0.998)
    settings = AdjustSettings(angle=0.01, crop=crop)
    result = framed(picture, settings)
    left, top, right, bottom = settings.box(width, height)
    rows, columns = result.shape[:2]
    across = (left + right - columns + 1) / 2 + np.arange(columns) - width / 2
    down = (top + bottom - rows + 1) / 2 + np.arange(rows)[:, None] - height / 2
    c, s = np.cos(np.radians(0.01)), np.sin(np.radians(0.01))
    seen = across * c + down * s + (width - 1) / 2, down * c - across * s + (height - 1) / 2
    assert max(rows, columns) > 32_767
    assert np.abs(result[..., 0] - (1.4 * seen[0] + 1.3 * seen[1])).max() <= 1.5
