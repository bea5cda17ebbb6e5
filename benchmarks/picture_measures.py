"""What is measured of a painting by itself, in display values, 0–255: noise of its colours, and combs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.textures import blurred
from studio.core.compositing import LUMA
from studio.core.events import Picture

__all__ = ["NET_PERIODS", "PERIODS", "chroma_noise", "luma", "net", "peaks"]

Plane = NDArray[np.float32]
PERIODS = (2, 4, 8)
"""In pixels, at which networks that halve a picture leave their combs."""
NET_PERIODS = (2, 16)
"""Shortest and longest period in pixels of what the eye sees as a net."""
_WINDOW = 64


def chroma_noise(picture: Picture) -> float:
    """Standard deviation of what a Gaussian of 1.5 px takes from the chroma."""
    chroma = picture[..., :3].astype(np.float32) - luma(picture)[..., None]
    return float((chroma - blurred(chroma, 1.5)).std())


def peaks(picture: Picture) -> NDArray[np.float64]:
    """How far the spectrum stands out at each of `PERIODS` above its neighbourhood; the worse of both axes."""
    return np.maximum(*(_peaks_along_rows(plane) for plane in (luma(picture), luma(picture).T)))


def net(picture: Picture) -> float:
    """How far the strongest frequency stands out above all others of its period, in whatever direction it lies.

    The mean spectrum of windows of 64 px, each with its neighbours among the frequencies, and each window as strong as
    any other: nets hang round edges, and may cover but a part of a picture. A picture's own edges have a direction too:
    compare with what was painted over.
    """
    plane, hann = luma(picture), np.hanning(_WINDOW + 1)[:_WINDOW]
    window = np.outer(hann, hann)
    down, across = np.meshgrid(*[np.fft.fftfreq(_WINDOW)] * 2, indexing="ij")
    radius = np.hypot(down, across)
    seen = (radius >= 1 / NET_PERIODS[1]) & (radius <= 1 / NET_PERIODS[0])
    total = np.zeros((_WINDOW, _WINDOW))
    for top in range(0, plane.shape[0] - _WINDOW + 1, _WINDOW // 2):
        for left in range(0, plane.shape[1] - _WINDOW + 1, _WINDOW // 2):
            part = plane[top : top + _WINDOW, left : left + _WINDOW]
            power = np.abs(np.fft.fft2((part - part.mean()) * window)) ** 2
            power += np.square(window).sum() / 4.0  # as of `peaks`
            total += power / power[seen].mean()
    total = sum((np.roll(total, by, (0, 1)) for by in np.ndindex(3, 3)), np.zeros_like(total))
    total = np.roll(total, (-1, -1), (0, 1))
    found = 0.0
    for place in np.argwhere(seen & (down >= 0)):
        around = np.abs(radius - radius[tuple(place)]) <= 1.5 / _WINDOW
        found = max(found, float(total[tuple(place)] / np.median(total[around])))
    return found


def luma(picture: Picture) -> Plane:
    """Return Y, H×W."""
    return np.asarray(cv2.transform(np.asarray(picture[..., :3], np.float32), LUMA), np.float32)


def _peaks_along_rows(plane: Plane) -> NDArray[np.float64]:
    length = min(256, plane.shape[1] // 16 * 16)
    window = np.hanning(length + 1)[:length]
    power = np.full(length // 2 + 1, np.square(window).sum() / 4.0)  # nobody sees a level less than half a value strong
    for start in range(0, plane.shape[1] - length + 1, length // 2):
        part = plane[:, start : start + length]
        part = (part - part.mean(axis=1, keepdims=True)) * window
        power += (np.abs(np.fft.rfft(part, axis=1)) ** 2).mean(axis=0)
    found = []
    for period in PERIODS:
        place = length // period
        near = [i for i in range(place * 7 // 8, min(len(power), place * 9 // 8 + 1)) if abs(i - place) > 2]
        found.append(power[max(0, place - 1) : place + 2].max() / np.median(power[near]))
    return np.array(found)
