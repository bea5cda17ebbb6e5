"""The icon stands at every size a desktop asks for, and the desktop entry starts the studio."""

import configparser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ICONS = Path(__file__).resolve().parents[2] / "assets" / "icons"


@pytest.mark.parametrize("size", [16, 24, 32, 48, 64, 128, 256, 512])
def test_icon_is_round_cornered_and_stands_out_from_its_ground(size: int):
    with Image.open(ICONS / f"atelier-{size}.png") as icon:
        pixels = np.asarray(icon.convert("RGBA"), float)
    assert pixels.shape[:2] == (size, size)
    assert pixels[0, 0, 3] < 128
    lightness = pixels[..., :3].mean(axis=-1)[pixels[..., 3] > 200]
    assert lightness.max() - lightness.min() > 150


def test_windows_icon_holds_the_common_sizes():
    with Image.open(ICONS / "atelier.ico") as icon:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= icon.info["sizes"]


def test_desktop_entry_opens_dropped_pictures_with_the_studio():
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read(ICONS / "atelier.desktop", encoding="utf-8")
    desktop = entry["Desktop Entry"]
    assert (desktop["Exec"], desktop["Icon"]) == ("atelier %F", "atelier")
    assert {"image/png", "image/jpeg", "image/tiff", "image/webp"} <= set(desktop["MimeType"].strip(";").split(";"))
