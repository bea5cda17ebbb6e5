"""Measure a painting as a style network would meet it: how much happens at each scale, and what sets it apart."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheet import Frame

BANDS = 6


def band_energies(picture: Frame) -> NDArray[np.float64]:
    """Return the deviation (in 1/255 of lightness) of each band of the Laplacian pyramid, fine to coarse.

    Source: Burt and Adelson 1983. Band k holds details of about 2^k to 2^(k+1) pixels.
    """
    level = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    energies = []
    for _ in range(BANDS):
        coarser = cv2.pyrDown(level)
        energies.append(float((level - cv2.pyrUp(coarser, dstsize=level.shape[1::-1])).std()))
        level = coarser
    return np.array(energies)


def colour_statistics(picture: Frame) -> NDArray[np.float64]:
    """Return the mean and deviation of L, a and b (CIELAB): a painting's palette in six numbers."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    return np.concatenate([lab.mean(axis=0), lab.std(axis=0)]).astype(np.float64)


def stroke_directions(picture: Frame, bins: int = 12) -> NDArray[np.float64]:
    """Return how much edge runs in each direction, as shares that sum to 1; the first bin is horizontal."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    direction = (np.arctan2(dy, dx) + np.pi / 2) % np.pi
    share, _ = np.histogram(direction, bins=bins, range=(0, np.pi), weights=np.hypot(dx, dy))
    return np.asarray(share / share.sum())
