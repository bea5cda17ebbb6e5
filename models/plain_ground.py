"""Plain ground: where a photo is plain, which colours a painting has for it, and how a fast style lays them.

Instance norm takes a picture's own mean away, so that a fast style knows a white page from a black one by hearsay only;
and where a network sees nothing it hangs the painting's textures round whatever edge is next. A network that *keeps
its ground* therefore does not paint there at all: each pixel whose surroundings are plain gets the colour that the
painting has for the photo's, read from a cube of colours. White is then as white as the painting's lightest areas, and
a field of one colour stays one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.luma import REC_601

__all__ = ["Palette", "PlainGround", "luma_of", "plainness", "squares_of", "tones_of"]

GROUND_SIDE = 8
"""Tones are compared in squares of so many pixels: none of a comb, nor of a stroke, is left in their means."""

_TONES = (0.02, 0.98)
"""Quantiles of a painting's tones between which it is said to know them."""

_NEAR_IN_TONE, _NEAR_IN_CHROMA, _COLOURS = 0.04, 0.12, 1024
"""How near a painting's colour is to another one (standard deviations), and how many of them are looked through."""

_PLAIN = 1.5 / 255
"""Standard deviation round a pixel at which it counts half as plain: paper and flat colours are, clouds are not."""

_WINDOW, _EASE, _NODES = 9, 5, 9
"""Sides in pixels of the surroundings and of the transition to what is painted; colours along an edge of the cube."""


class PlainGround(nn.Module):
    """Lays plain ground into what a network painted.

    The cube `colours`, 3×R×G×B, says what becomes of the photo's colours; at first they stay.
    """

    border = _WINDOW // 2 + _EASE // 2
    """How far around a pixel it looks."""

    colours: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("colours", _every_colour())

    @torch.no_grad()
    def learn(self, palette: "Palette") -> None:
        """Take a painting's colours."""
        self.colours = palette.nearest(_every_colour().flatten(2)[None])[0].view_as(self.colours).clamp(0.0, 1.0)

    def forward(self, painted: Tensor, around: Tensor) -> Tensor:
        """Return N×3×H×W, 0–1.

        Args:
            painted: N×3×H×W, 0–1.
            around: the photo with a mirrored border: N×3×(H + 2·border)×(W + 2·border).

        """
        inner = around[..., self.border : -self.border, self.border : -self.border]
        return torch.lerp(painted, self._looked_up(inner), _plainness_within(around))

    def _looked_up(self, photo: Tensor) -> Tensor:
        """Interpolate the cube linearly between its eight nearest colours: N×3×H×W → N×3×H×W."""
        device = photo.device
        where = "cpu" if device.type == "mps" else device  # older versions of torch lack it there
        photo, cube = (values.to(where) for values in (photo, self.colours))
        place = photo.movedim(1, -1).flip(-1).unsqueeze(1) * 2 - 1  # blue, green, red, each -1 to 1: N×1×H×W×3
        cube = cube.to(photo.dtype).expand(len(photo), -1, -1, -1, -1)  # N×3×R×G×B
        found: Tensor = F.grid_sample(cube, place, align_corners=True, padding_mode="border")[:, :, 0]
        return found.to(device)


class Palette:
    """The colours that a painting, 1×3×h×w, has as areas: in squares of 8 px."""

    def __init__(self, painting: Tensor) -> None:
        self._tones = tones_of(painting)
        colours = squares_of(painting.detach().float()).flatten(2)[0].T  # 1×3×h×w → hw/64×3
        self._colours = colours[:: -(-len(colours) // _COLOURS)]

    def nearest(self, colours: Tensor) -> Tensor:
        """Return the painting's colours for N×3×h×w: as light, within its tones, and of those the nearest in hue.

        Each is the mean of the painting's colours, weighted by a Gaussian of their distance (Nadaraya & Watson 1964).
        """
        colours = colours.to(self._colours)
        tone = luma_of(colours)  # N×1×h×w
        wanted = tone.clamp(*self._tones)
        asked = torch.cat([wanted / _NEAR_IN_TONE, (colours - tone) / _NEAR_IN_CHROMA], dim=1)  # → N×4×h×w
        own = luma_of(self._colours.T[None])[0].T  # C×1
        known = torch.cat([own / _NEAR_IN_TONE, (self._colours - own) / _NEAR_IN_CHROMA], dim=1)  # C×4
        flat = asked.movedim(1, -1)  # → N×h×w×4
        weights = torch.softmax(-0.5 * torch.cdist(flat.flatten(1, 2), known).square(), dim=2)  # N×hw×C
        found = (weights @ self._colours).view_as(flat[..., 1:]).movedim(-1, 1)  # → N×3×h×w
        nearest: Tensor = found + wanted - luma_of(found)
        return nearest


def plainness(photo: Tensor) -> Tensor:
    """Tell how plain it is round each pixel of N×3×H×W: N×1×H×W, 1 for one colour, ½ for a deviation of 1.5 of 255."""
    return _plainness_within(F.pad(photo, [PlainGround.border] * 4, mode="reflect"))


def tones_of(painting: Tensor) -> tuple[float, float]:
    """Return the darkest and the lightest luma, 0–1, that 1×3×h×w knows as an area: quantiles over squares of 8 px."""
    tones = luma_of(squares_of(painting.float().cpu()))
    low, high = torch.quantile(tones.flatten()[: 2**23], torch.tensor(_TONES)).tolist()
    return low, high


def squares_of(picture: Tensor) -> Tensor:
    """Mean colours in squares: N×3×H×W → N×3×H/8×W/8."""
    return F.avg_pool2d(picture, min(GROUND_SIDE, *picture.shape[2:]))


def luma_of(picture: Tensor) -> Tensor:
    """Luma of N×3×…: N×1×…."""
    return torch.einsum("nc...,c->n...", picture, picture.new_tensor(REC_601)).unsqueeze(1)


def _plainness_within(around: Tensor) -> Tensor:
    """1 / (1 + (σ/σ½)⁴) of each pixel's surroundings, eased: N×3×(H + 12)×(W + 12) → N×1×H×W."""
    means = _boxed(around, _WINDOW)
    variance = (_boxed(around.square(), _WINDOW) - means.square()).clamp_min(0.0).mean(dim=1, keepdim=True)
    return _boxed(1.0 / (1.0 + (variance / _PLAIN**2).square()), _EASE)


def _boxed(x: Tensor, side: int) -> Tensor:
    """Means over squares of `side` round each pixel that has one."""
    return F.avg_pool2d(F.avg_pool2d(x, (side, 1), stride=1), (1, side), stride=1)


def _every_colour() -> Tensor:
    """The cube in which each colour is itself: 3×R×G×B."""
    values = torch.linspace(0.0, 1.0, _NODES)
    return torch.stack(torch.meshgrid(values, values, values, indexing="ij"))
