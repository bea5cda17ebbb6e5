"""What a photographer sets before anything is painted: crop and turn, light, colour, sharpness."""

from math import cos, radians, sin
from typing import Literal, Self

from pydantic import field_validator

from studio.core.settings import Settings, setting

__all__ = ["AdjustSettings", "Box"]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom edge in pixels."""

_FRAME, _LIGHT, _COLOUR = "Crop and turn", "Light", "Colour"


class AdjustSettings(Settings):
    """Neutral as they are: the picture comes out as it went in, bit for bit.

    Geometry comes first and in this order: turned by quarters, mirrored, straightened about its middle, cropped.
    """

    angle: float = setting(
        0.0, label="Straighten", help="Turns the picture clockwise; the crop stays inside.",
        term="rotation about the middle", low=-45.0, high=45.0, step=0.1, unit="°", group=_FRAME,
        look=False)  # fmt: skip
    aspect: Literal["free", "original", "1:1", "5:4", "4:5", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"] = setting(
        "free", label="Aspect", help="Locks the crop's width to its height.", term="aspect ratio", group=_FRAME,
        look=False,
        choices={"free": "Free", "original": "As the photo", "1:1": "1 : 1 square", "5:4": "5 : 4", "4:5": "4 : 5",
                 "4:3": "4 : 3", "3:4": "3 : 4", "3:2": "3 : 2", "2:3": "2 : 3", "16:9": "16 : 9",
                 "9:16": "9 : 16"})  # fmt: skip
    crop: tuple[float, ...] = setting(
        (), label="Crop", help="Left, top, right and bottom edge of what stays, each from 0 to 1; nothing keeps all.",
        term="shares of width and height", lowest="All of it", group=_FRAME, look=False)  # fmt: skip
    turn: Literal["0", "90", "180", "270"] = setting(
        "0", label="Turn", help="Turns the picture by quarters, clockwise.", term="rotation in degrees",
        group=_FRAME, look=False, choices={"0": "0°", "90": "90°", "180": "180°", "270": "270°"})  # fmt: skip
    flip: Literal["none", "horizontal", "vertical"] = setting(
        "none", label="Mirror", help="Swaps left and right, or top and bottom, after turning.", term="reflection",
        group=_FRAME, look=False,
        choices={"none": "No", "horizontal": "Left and right", "vertical": "Top and bottom"})  # fmt: skip

    exposure: float = setting(
        0.0, label="Exposure", help="Brighter or darker, as with another shutter speed.",
        term="gain in linear light, 2 to this power", low=-4.0, high=4.0, step=0.05, unit="EV",
        group=_LIGHT)  # fmt: skip
    contrast: int = setting(
        0, label="Contrast", help="Drives tones away from middle grey, or towards it.",
        term="slope of a sigmoid at 18 % grey, 2 to the power of this ÷ 100", low=-100, high=100, step=1,
        group=_LIGHT)  # fmt: skip
    highlights: int = setting(
        0, label="Highlights", help="Holds back what is bright, or lifts it; detail stays.",
        term="exposure where the surroundings are bright, up to 1 EV", low=-100, high=100, step=1,
        group=_LIGHT)  # fmt: skip
    shadows: int = setting(
        0, label="Shadows", help="Opens what is dark, or deepens it; detail stays.",
        term="exposure where the surroundings are dark, up to 2 EV", low=-100, high=100, step=1,
        group=_LIGHT)  # fmt: skip

    temperature: int = setting(
        0, label="Temperature", help="Bluer to the left, more golden to the right; −100 takes lamplight away.",
        term="white point along the Planckian locus, in steps of 2 mired", low=-100, high=100, step=1,
        group=_COLOUR)  # fmt: skip
    tint: int = setting(
        0, label="Tint", help="Greener to the left, more magenta to the right.",
        term="white point across the Planckian locus, in steps of Duv 0.0003", low=-100, high=100, step=1,
        group=_COLOUR)  # fmt: skip
    saturation: int = setting(
        0, label="Saturation", help="Greyer to the left, more colourful to the right.",
        term="change of chroma in per cent", low=-100, high=100, step=1, unit="%", group=_COLOUR)  # fmt: skip

    sharpen: int = setting(
        0, label="Sharpen", help="Crisper edges; look at it at 100 %.",
        term="unsharp mask of luma, radius 1 px", low=0, high=100, step=1, group="Detail")  # fmt: skip

    @field_validator("crop")
    @classmethod
    def _check_crop(cls, crop: tuple[float, ...]) -> tuple[float, ...]:
        if crop:
            left, top, right, bottom = crop if len(crop) == 4 else (0.0, 0.0, 0.0, 0.0)
            if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
                raise ValueError("a crop is four numbers from 0 to 1: left, top, right, bottom")
        return crop

    @property
    def leaves_tones(self) -> bool:
        """True when no pixel's colour is touched: only its place."""
        return not any((self.exposure, self.contrast, self.highlights, self.shadows, self.temperature, self.tint,
                        self.saturation, self.sharpen))  # fmt: skip

    def turned(self, quarters: int) -> Self:
        """Return settings that show the very same picture turned clockwise by so many quarters."""
        way = quarters if self.flip == "none" else -quarters  # it is turned before it is mirrored
        crop, aspect = self.crop, str(self.aspect)
        for _ in range(quarters % 4 if crop else 0):
            left, top, right, bottom = crop
            crop = (1.0 - bottom, left, 1.0 - top, right)
        if quarters % 2 and ":" in aspect:
            aspect = ":".join(reversed(aspect.split(":")))
        turn = str((int(self.turn) + 90 * way) % 360)
        return self.model_copy(update={"turn": turn, "crop": crop, "aspect": aspect})

    def mirrored(self, direction: Literal["horizontal", "vertical"]) -> Self:
        """Return settings that show the very same picture mirrored."""
        crop = self.crop
        if crop:
            left, top, right, bottom = crop
            across = direction == "horizontal"
            crop = (1.0 - right, top, 1.0 - left, bottom) if across else (left, 1.0 - bottom, right, 1.0 - top)
        changes: dict[str, object] = {"crop": crop, "angle": 0.0 - self.angle, "flip": direction}
        if self.flip == direction:
            changes["flip"] = "none"
        elif self.flip != "none":  # both ways is half a turn
            changes |= {"flip": "none", "turn": str((int(self.turn) + 180) % 360)}
        return self.model_copy(update=changes)

    def frame_size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of a picture after the quarter turns."""
        return (height, width) if self.turn in ("90", "270") else (width, height)

    def ratio(self, width: int, height: int) -> float | None:
        """Return the width ÷ height that a crop of a (turned) picture is locked to; None where it is free."""
        if self.aspect == "free":
            return None
        across, down = (width, height) if self.aspect == "original" else map(int, self.aspect.split(":"))
        return across / down

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of what stays of a turned picture, in whole pixels."""
        left, top, right, bottom = self.box(width, height)
        return max(1, round(right - left)), max(1, round(bottom - top))

    def cut_to(self, across: int, down: int, width: int, height: int) -> Self:
        """Return settings that crop a turned picture to this size, about the middle of what stays now.

        Near an edge the middle gives way, and where the aspect is locked the height follows the width.
        """
        left, top, right, bottom = self.box(width, height)
        ratio = self.ratio(width, height)
        across = min(across, width)
        down = min(down if ratio is None else round(across / ratio), height)
        x = min(max(0.0, (left + right - across) / 2), width - across)
        y = min(max(0.0, (top + bottom - down) / 2), height - down)
        edges = (x / width, y / height, (x + across) / width, (y + down) / height)
        return self.model_copy(update={"crop": () if (across, down) == (width, height) else edges})

    def box(self, width: int, height: int) -> Box:
        """Return what stays of a turned picture of this size, in the pixels of the frame that it was straightened in.

        The crop shrinks about its own centre to the aspect, and then until its corners lie inside the straightened
        picture: with half sides a, b and its centre at c, seen from the picture, |c_x| + a |cos| + b |sin| ≤ width ÷ 2,
        and likewise upright. Where even a tenth would not fit, the centre moves inwards first.
        """
        left, top, right, bottom = self.crop or (0.0, 0.0, 1.0, 1.0)
        across, down = (right - left) * width, (bottom - top) * height
        x, y = ((left + right) * width - width) / 2, ((top + bottom) * height - height) / 2
        ratio = self.ratio(width, height)
        if ratio is not None:
            across, down = min(across, down * ratio), min(down, across / ratio)
        if self.angle:
            c, s = cos(radians(self.angle)), sin(radians(self.angle))
            spread = (across * abs(c) + down * abs(s)) / width, (across * abs(s) + down * abs(c)) / height
            seen = (x * c + y * s) * 2 / width, (y * c - x * s) * 2 / height
            tenth = 0.1 / max(1.0, *spread)
            places = [max(tenth * need - 1, min(1 - tenth * need, at)) for at, need in zip(seen, spread, strict=True)]
            share = min(1.0, *((1 - abs(at)) / need for at, need in zip(places, spread, strict=True)))
            across, down = across * share, down * share
            u, v = places[0] * width / 2, places[1] * height / 2
            x, y = u * c - v * s, u * s + v * c
        return x + (width - across) / 2, y + (height - down) / 2, x + (width + across) / 2, y + (height + down) / 2
