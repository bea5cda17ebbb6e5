"""What time and printing do to a whole photo: it loses its colour, fades, yellows; grain, and the dots of print."""

import math
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from models.degradation_plate import Plate
from models.degradation_steps import Chance, Colours, Degradation, Plane, Span, chance_of, span
from models.luma import REC_601
from models.textures import blurred, clouds, smoothstep

__all__ = ["BlackAndWhite", "Fading", "Grain", "Halftone", "Toning", "luma"]

_GREY = 0.02
"""A picture whose colours differ by less than this from grey is printed in black."""


def luma(colours: Colours) -> Plane:
    """Return 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), H×W: what "grey" means to JPEG and to most programs."""
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.float32)


def looked_up(pixels: Any, table: Colours) -> Colours:
    """Return what H×W×3 bytes become by a table of 1×256×3."""
    return np.asarray(cv2.LUT(pixels, table), np.float32)


class BlackAndWhite(Degradation):
    """Grey, as films of different sensitivity saw it."""

    title: ClassVar[str] = "Black and white"
    help: ClassVar[str] = "Takes the colours away, as a film does."

    kind: Literal["black_and_white"] = "black_and_white"
    film: Span = span(
        0.0, 0.0, label="Film", help="−1: an early film that is blind to red; 0: as the eye sees; 1: a red filter.",
        least=-1.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Mix the three colours into one."""
        weights = np.array(film_weights(chance.between("film", self.film)), np.float32)
        grey = cv2.transform(plate.colours, weights[None, :])
        plate.colours = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.float32)


def film_weights(film: float) -> tuple[float, float, float]:
    """Return what red, green and blue count: from orthochromatic film (−1) over BT.601's luma (0) to a red filter (1).

    They add up to 1, so that grey stays as bright.
    """
    other = (0.02, 0.53, 0.45) if film < 0 else (0.85, 0.15, 0.0)
    red, green, blue = (near + abs(film) * (far - near) for near, far in zip(REC_601, other, strict=True))
    return red, green, blue


class Fading(Degradation):
    """Dyes and silver fade: in density, −log₁₀ of the light that comes back, each loses a share, most at the edges.

    In colour prints kept in the dark cyan goes first and the picture turns red; the paper yellows (Wilhelm 1993, 5).
    """

    title: ClassVar[str] = "Fading"
    help: ClassVar[str] = "Blacks turn grey, the paper yellows, colours lean to red."

    kind: Literal["fading"] = "fading"
    amount: Span = span(
        0.1, 0.55, label="Faded", help="How much of the density is gone.", least=0.0, most=0.95, step=0.05)  # fmt: skip
    cast: Span = span(
        0.0, 0.8, label="Colour cast", help="How much sooner cyan fades than magenta and yellow.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip
    yellowing: Span = span(
        0.0, 0.6, label="Yellow paper", help="How yellow the paper has become.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip
    uneven: Span = span(
        0.0, 0.6, label="Uneven", help="How much more the edges have suffered.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Look both the faded and the well-kept colours up, and mix them place by place."""
        amount, cast = chance.between("amount", self.amount), chance.between("cast", self.cast)
        yellowing, uneven = chance.between("yellowing", self.yellowing), chance.between("uneven", self.uneven)
        pixels = plate.to_bytes()
        inside = looked_up(pixels, faded(amount * (1.0 - 0.6 * uneven), cast, yellowing * (1.0 - 0.5 * uneven)))
        edge = looked_up(pixels, faded(min(0.95, amount * (1.0 + 0.5 * uneven)), cast, yellowing))
        share = _nearness_of_edge(*plate.size, chance)[..., None]
        edge -= inside
        edge *= share
        edge += inside
        plate.colours = edge


def faded(amount: float, cast: float, yellowing: float) -> Colours:
    """Return what each of 256 values becomes in red, green and blue, 1×256×3, 0–1.

    A value p has the density D = −log₁₀ p, at most 2.2 as on paper. What stays of it is (1 − f) D; f is `amount`, and
    more for cyan, the dye that holds red back: f + cast f (1 − f) against f (1 − cast ÷ 2) for yellow. The paper adds
    a density of its own, and no print is quite white or black again.
    """
    density = np.minimum(-np.log10(np.maximum(np.arange(256) / 255.0, 1e-3)), 2.2)
    lost = np.array([amount + cast * amount * (1.0 - amount), amount, amount * (1.0 - 0.5 * cast)])
    paper = yellowing * np.array([0.02, 0.06, 0.20])
    light = 10.0 ** -(density[:, None] * (1.0 - lost) + paper)
    return np.asarray(light, np.float32)[None]


def _nearness_of_edge(width: int, height: int, chance: Chance) -> Plane:
    """Return 0 in the middle to 1 at the edges, cloudy."""
    x, y = np.abs(np.linspace(-1, 1, width, dtype=np.float32)), np.abs(np.linspace(-1, 1, height, dtype=np.float32))
    nearness = np.maximum(x[None, :] ** 3, y[:, None] ** 3)
    cloudy = nearness + np.float32(0.15) * clouds(height, width, max(width, height) / 3, chance, octaves=2)
    return np.asarray(np.clip(cloudy, 0.0, 1.0), np.float32)


class Toning(Degradation):
    """Sepia and its relatives: the greys become a scale of browns, from a dark one to the colour of cream."""

    title: ClassVar[str] = "Sepia"
    help: ClassVar[str] = "Turns the greys into browns, as old prints have."

    kind: Literal["toning"] = "toning"
    amount: Span = span(
        0.4, 1.0, label="Amount", help="How far the colours go over to brown.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip
    hue: Span = span(
        25.0, 42.0, label="Hue", help="20 is a red brown, 30 is sepia, 45 is yellow.",
        least=0.0, most=60.0, unit="°", step=1.0)  # fmt: skip
    strength: Span = span(
        0.25, 0.6, label="Colourfulness", help="How strong the brown is.", least=0.0, most=1.0, step=0.05)  # fmt: skip

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Look the brown of every grey up."""
        amount, hue = chance.between("amount", self.amount), chance.between("hue", self.hue)
        strength = chance.between("strength", self.strength)
        grey = cv2.convertScaleAbs(luma(plate.colours), alpha=255.0)
        brown = looked_up(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), toned(hue, strength))
        plate.colours += (brown - plate.colours) * np.float32(amount)


def toned(hue: float, strength: float) -> Colours:
    """Return the brown of each of 256 greys, 1×256×3, 0–1: its luma is the grey's, its chroma greatest in the middle.

    It is grey + c (hue's colour − that colour's luma), c = strength × 4 g (1 − g) × ½, and a little at the white end,
    where toned paper is cream.
    """
    grey = np.arange(256)[:, None] / 255.0
    sector = hue / 60.0
    colour = np.array([1.0, sector, 0.0])
    chroma = strength * (0.5 * 4.0 * grey * (1.0 - grey) + 0.2 * grey)
    return np.asarray(np.clip(grey + chroma * (colour - colour @ REC_601), 0.0, 1.0), np.float32)[None]


class Grain(Degradation):
    """Clumps of silver: noise of a certain size, strongest in the middle tones, hardly any in white."""

    title: ClassVar[str] = "Film grain"
    help: ClassVar[str] = "The grain of a fast film, or of a print made small."

    kind: Literal["grain"] = "grain"
    amount: Span = span(
        0.01, 0.05, label="Amount", help="How strong it is, of the range from black to white.",
        least=0.0, most=0.4, step=0.01)  # fmt: skip
    size: Span = span(
        0.5, 1.2, label="Size", help="Of a clump, in a picture with a short side of 500.",
        least=0.3, most=4.0, unit="px", step=0.1)  # fmt: skip
    colour: float = chance_of(0.1, label="In colour", help="How often each of the three layers has grain of its own.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Blur noise to the size of the grain, give it its spread again, and add it."""
        amount, coloured = chance.between("amount", self.amount), chance.happens(self.colour, "in_colour")
        size = chance.between("size", self.size) * plate.unit
        width, height = plate.size
        noise = chance.normal(height, width, 3) if coloured else chance.normal(height, width)
        if size > 0.35:  # else it is as fine as the pixels
            noise = blurred(noise, size)
            noise *= np.float32(1.0 / max(float(noise.std()), 1e-6))
        grey = luma(plate.colours).clip(0.0, 1.0)
        strength = (np.float32(0.25) + 3.0 * grey * (1.0 - grey)) * np.float32(amount)
        plate.colours += (noise if coloured else noise[..., None]) * strength[..., None]
        np.clip(plate.colours, 0.0, 1.0, out=plate.colours)


class Halftone(Degradation):
    """The dots of print: a screen of round dots for each ink, turned so that they do not fall into step."""

    title: ClassVar[str] = "Print dots"
    help: ClassVar[str] = "The dots of a newspaper or a magazine."

    kind: Literal["halftone"] = "halftone"
    pitch: Span = span(
        2.5, 5.0, label="Distance of dots", help="In a picture with a short side of 500.",
        least=2.0, most=20.0, unit="px", step=0.5)  # fmt: skip
    amount: Span = span(
        0.3, 0.75, label="Amount", help="How plainly they show: less after a soft scan.",
        least=0.0, most=1.0, step=0.05)  # fmt: skip
    colour: float = chance_of(0.5, label="Four inks", help="How often it is printed in colour, otherwise in black.")

    def apply(self, plate: Plate, chance: Chance) -> None:
        """Print with four inks, or with black alone, and mix that with the picture."""
        pitch = max(2.0, chance.between("pitch", self.pitch) * plate.unit)
        amount, inks = chance.between("amount", self.amount), chance.happens(self.colour, "four_inks")
        inks = inks and bool(np.ptp(plate.colours, axis=2).max() > _GREY)
        turn = chance.between("turn", (-8.0, 8.0))
        printed = in_four_inks(plate.colours, pitch, turn) if inks else in_black(plate.colours, pitch, turn)
        plate.colours += (printed - plate.colours) * np.float32(amount)


def in_black(colours: Colours, pitch: float, turn: float = 0.0) -> Colours:
    """Print with black ink on white paper, the screen at 45°."""
    ink = screened(1.0 - luma(colours), pitch, 45.0 + turn)
    return np.asarray(cv2.cvtColor(1.0 - 0.92 * ink, cv2.COLOR_GRAY2RGB), np.float32)


def in_four_inks(colours: Colours, pitch: float, turn: float = 0.0) -> Colours:
    """Print with cyan (15°), magenta (75°), yellow (0°) and black (45°), which takes half of the grey over."""
    wanted = 1.0 - colours.clip(0.0, 1.0)
    black = 0.5 * wanted.min(axis=2)
    paper = np.ones_like(colours)
    for channel, angle in enumerate((15.0, 75.0, 0.0)):
        ink = screened((wanted[..., channel] - black) / (1.0 - black + 1e-6), pitch, angle + turn)
        paper[..., channel] -= ink
    return np.asarray(paper * (1.0 - screened(black, pitch, 45.0 + turn))[..., None], np.float32)


def screened(cover: Plane, pitch: float, angle: float) -> Plane:
    """Turn how much of the paper is covered (0–1) into dots of that area, with soft rims about a pixel wide.

    The spot function is cos + cos, whose share of places above a threshold t is nearly ½ − t ÷ 2 after a correction by
    its own distribution, here of the third order.
    """
    height, width = cover.shape
    turn = math.radians(angle)
    a, b = 2.0 * math.pi / pitch * math.cos(turn), 2.0 * math.pi / pitch * math.sin(turn)
    spots = np.float32(0.5) * (_wave(a, b, width, height) + _wave(-b, a, width, height))  # −1 to 1
    centred = np.asarray(2.0 * cover - 1.0, np.float32)
    threshold = centred * (np.float32(0.62) + np.float32(0.38) * centred * centred)  # the quantile of cos + cos, to .03
    rim = min(1.0, 2.2 / pitch)
    return smoothstep(spots + threshold, -rim, rim)


def _wave(a: float, b: float, width: int, height: int) -> Plane:
    """cos(a x + b y), by the sum of angles: two outer products instead of a cosine at each pixel."""
    x, y = np.arange(width, dtype=np.float32) * np.float32(a), np.arange(height, dtype=np.float32) * np.float32(b)
    return np.asarray(np.outer(np.cos(y), np.cos(x)) - np.outer(np.sin(y), np.sin(x)), np.float32)
