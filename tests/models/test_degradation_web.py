"""Noise has the spread it was drawn with, photons count as Poisson says, resizing and JPEG are what programs do."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from models.degradation_plate import Plate, resampled
from models.degradation_steps import Chance
from models.degradation_web import Blur, Jpeg, Noise, Rescale, convolved, shot_noise
from models.degradations import DegradationRecipe, degrade

GREY = np.full((400, 400, 3), 128, np.uint8)


def test_gaussian_noise_has_its_sigma_of_255_and_is_grey_or_not():
    for grey in (0.0, 1.0):
        step = Noise(gaussian=1.0, sigma=(12, 12), grey=grey)
        made = degrade(GREY, DegradationRecipe(steps=(step,)), 3).picture.astype(float)
        assert made.std(axis=(0, 1)) == pytest.approx([12.0] * 3, rel=0.02)
        assert made.mean() == pytest.approx(128, abs=0.3)
        assert (np.corrcoef(made[..., 0].ravel(), made[..., 1].ravel())[0, 1] > 0.99) == bool(grey)


@pytest.mark.parametrize("value", [1, 5, 9, 40, 200])
def test_shot_noise_counts_photons_as_poisson_does(value):
    """Mean, variance and skew of Poisson(λ) are λ, λ and 1 ÷ √λ; λ is v x, v values in the picture."""
    pixels = np.full((500, 500), value, np.uint8)
    pixels[0, :256] = np.arange(256)  # so that there are 256 values
    counted = 256 * (shot_noise(pixels, Chance(1, "noise"))[1:] + np.float32(value / 255)).astype(float)
    mean = 256 * value / 255
    np.testing.assert_allclose(counted, np.rint(counted), atol=1e-3)
    assert counted.mean() == pytest.approx(mean, abs=4 * (mean / 2.5e5) ** 0.5 + 1e-3)
    assert counted.var() == pytest.approx(mean, rel=0.02)
    assert ((counted - mean) ** 3).mean() / mean**1.5 == pytest.approx(mean**-0.5, abs=0.05)


def test_shot_noise_knows_how_many_values_there_are():
    pixels = np.full((300, 300), 128, np.uint8)
    pixels[0, 0], pixels[0, 1] = 0, 255  # three values: v is 4
    noise = shot_noise(pixels, Chance(1, "noise"))
    assert noise[1:].var() == pytest.approx(128 / 255 / 4, rel=0.05)


def test_photons_scale_the_noise():
    spread = []
    for photons in (0.5, 1.0):
        step = Noise(gaussian=0.0, photons=(photons, photons), grey=1.0)
        ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (200, 1, 3))
        made = degrade(ramp, DegradationRecipe(steps=(step,)), 3).picture.astype(float) - ramp
        spread.append(made[:, 100:150].std())
    assert spread[0] == pytest.approx(spread[1] / 2, rel=0.05)


def test_blur_mirrors_at_the_edges():
    picture = np.random.default_rng(0).random((9, 11, 3)).astype(np.float32)
    kernel = np.arange(49, dtype=float).reshape(7, 7)
    kernel = kernel + kernel[::-1, ::-1]
    kernel /= kernel.sum()
    padded = np.pad(picture, ((3, 3), (3, 3), (0, 0)), mode="reflect")
    by_hand = sum(kernel[y, x] * padded[y : y + 9, x : x + 11] for y in range(7) for x in range(7))
    np.testing.assert_allclose(convolved(picture, kernel), by_hand, atol=1e-5)


def test_leaving_out_a_faint_rim_of_a_kernel_shows_nowhere():
    picture = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    for seed in range(40):
        kernel = Blur().kernel(Chance(seed, "blur"))
        whole = cv2.filter2D(picture, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REFLECT_101)
        assert np.abs(convolved(picture, kernel) - whole).max() < 0.5 / 255


def test_rescaling_goes_down_up_or_stays_as_often_as_told():
    sizes = []
    for seed in range(600):
        plate = Plate(np.zeros((100, 80, 3), np.uint8), 0)
        Rescale(up=0.2, down=0.7, keep=0.1, factor=(0.15, 1.5)).apply(plate, Chance(seed, "rescale"))
        sizes.append(plate.size)
    heights = np.array([height for _, height in sizes])
    assert np.mean(heights < 100) == pytest.approx(0.7, abs=0.06)
    assert np.mean(heights > 100) == pytest.approx(0.2, abs=0.06)
    assert heights.min() >= 15
    assert heights.max() <= 150
    assert all(abs(width / height - 0.8) < 0.05 for width, height in sizes)


def test_rescaling_of_the_result_counts_from_the_final_size():
    plate = Plate(np.zeros((100, 80, 3), np.uint8), 0, scale=4)
    Rescale(up=0, down=0, keep=1, of_result=True).apply(plate, Chance(0, "rescale"))
    assert plate.size == (20, 25)


@pytest.mark.parametrize("sampling", ["area", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(7, 9), (40, 36), (17, 12)])
def test_resampling_is_pytorchs(sampling, size):
    torch = pytest.importorskip("torch")
    picture = np.random.default_rng(0).random((18, 24, 3)).astype(np.float32)
    options = {} if sampling == "area" else {"align_corners": False}
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(picture).permute(2, 0, 1)[None], size[::-1], mode=sampling, **options
    )[0].permute(1, 2, 0)
    ours = resampled(picture, *size, sampling)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_jpeg_is_pillows_file():
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (50, 61, 3), np.uint8), (0, 0), 2)
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=23)
    made = degrade(picture, DegradationRecipe(steps=(Jpeg(quality=(23, 23)),)), 0)
    assert made.drawn == ({"step": 0, "kind": "jpeg", "quality": 23},)
    assert np.array_equal(made.picture, np.asarray(Image.open(file)))
