"""What stands ready before the first stroke: the network, the photo and the paintings, at every size asked for."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from models.backbones import Backbone
from models.fast_style import FastStyleNetwork
from models.painting_init import cover, fitted, recoloured, resize, size_of, soft_noise, without_checkerboard
from models.pixels import to_tensor
from models.style_transfer import LossWeights, StyleObjective
from studio.core.events import Picture
from studio.core.picture_task import PictureRequest
from studio.core.resizing import fit_within
from studio.core.style_settings import StyleSettings
from studio.jobs.style.scales import NARROWEST

MOST_ELONGATED = 8
"""Of a painting longer than this many times its width only the middle is looked at. Its shorter side is enlarged until
the network can see it, and a ribbon of 5,000×1 px would grow to 160,000×32 with it: more than a photo, for one line."""
VARIED = 0.35
"""How much of soft noise in the painting's colours stands on the canvas beside the photo, where a seed varies it."""


class StyleInputs:
    """The pictures of one request as tensors on the device, and the loss at every size.

    Args:
        request: photo and paintings.
        settings: those the job started with; only what needs a restart is read.
        backbone: the network, already on its device.
        device: where everything is computed.
        fast_style: the network that paints the first canvas, where the settings ask for it; on the device.

    """

    def __init__(
        self,
        request: PictureRequest,
        settings: StyleSettings,
        backbone: Backbone,
        device: torch.device,
        fast_style: FastStyleNetwork | None = None,
    ) -> None:
        stroked = max(NARROWEST, round(settings.size * settings.stroke_size))
        # what is larger than it will ever be looked at is not kept as floats
        self.photo = to_tensor(fit_within(request.photo.pixels, settings.size))
        self._styles = tuple(to_tensor(fit_within(_middle(style.pixels), stroked)) for style in request.all("style"))
        self._settings = settings
        self._backbone = backbone
        self._device = device
        self._fast_style = fast_style
        self._objectives: dict[int, StyleObjective] = {}

    def objective(self, height: int, width: int) -> StyleObjective:
        """Return the loss at this size; its targets are captured when first needed, and kept."""
        side = max(height, width)
        if side not in self._objectives:
            longer = max(NARROWEST, round(side * self._settings.stroke_size))
            styles = [
                resize(style, *fitted(*size_of(style), longer, shorter_at_least=NARROWEST)).to(self._device)
                for style in self._styles
            ]
            photo = resize(self.photo, height, width).to(self._device)
            below = max(0, round(math.log2(self._settings.size / side))) if self.is_clean else None
            self._objectives[side] = StyleObjective(
                self._backbone, self._settings.statistic, photo, styles, below=below
            )
        return self._objectives[side]

    def forget(self) -> None:
        """Free the targets of all sizes."""
        self._objectives.clear()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def _in_full(self) -> Tensor:
        return torch.ones(1, device=self._device)

    @property
    def starts_from_photo(self) -> bool:
        """True when the canvas is the photo; a texture or a reconstruction would have nothing to do on it."""
        return self._settings.start_from == "photo" and self._settings.mode == "paint"

    def blank(self, height: int, width: int) -> Tensor:
        """Return the canvas before the first stroke."""
        if self.starts_from_photo:
            photo = self._photo_at(height, width)
            if self.is_clean and self._settings.seed:
                photo = photo.lerp(self._noise(height, width), VARIED)
            return self.primed(photo)
        textured = self._styles and self._settings.mode != "reconstruct"
        if self._settings.start_from == "painting" and textured:
            return cover(self._styles[0], height, width).to(self._device)
        if self._fast_style is not None:
            with torch.no_grad():
                canvas: Tensor = self._fast_style(resize(self.photo, height, width).to(self._device), self._in_full)
            return canvas
        return self._noise(height, width)

    def _noise(self, height: int, width: int) -> Tensor:
        """Return soft noise in the colours of the first painting, or of the photo where no painting counts."""
        generator = torch.Generator().manual_seed(self._settings.seed)
        textured = self._styles and self._settings.mode != "reconstruct"
        colours = self._styles[0] if textured else self.photo
        return soft_noise(resize(colours, *fitted(*size_of(colours), 64)), height, width, generator).to(self._device)

    def blanks(self, height: int, width: int, weights: LossWeights) -> tuple[Tensor, ...]:
        """Return the canvases to choose among: where the photo is painted, also one in the paintings' colours."""
        blank = self.blank(height, width)
        if not (self.starts_from_photo and self._styles):
            return (blank,)
        colours = [resize(style, *fitted(*size_of(style), max(height, width))) for style in self._styles]
        painted = recoloured(blank.cpu(), colours, weights.shares(len(colours))).to(self._device)
        return blank, self.primed(painted)

    def second_start(self, height: int, width: int) -> Tensor:
        """Return the canvas that a restart in mid-painting begins with: the photo, where the photo is painted."""
        if self._settings.mode == "paint":
            return self.primed(self._photo_at(height, width))
        return self.blank(height, width)

    def _photo_at(self, height: int, width: int) -> Tensor:
        return resize(self.photo, height, width).to(self._device)

    def primed(self, canvas: Tensor) -> Tensor:
        """Return a stage's canvas without the period of two pixels, which the optimiser could not take away again."""
        return without_checkerboard(canvas) if self.is_clean else canvas

    @property
    def is_clean(self) -> bool:
        """True where the paint is finished clean, not as in version 0.1."""
        return self._settings.finish == "clean"

    def captures(self, objective: StyleObjective, weights: LossWeights) -> Iterator[None]:
        """Capture the targets one network pass at a time."""
        objective.capture_content(weights)
        yield
        for index in range(objective.paintings):
            objective.capture_style(index)
            yield


def starts_instantly(settings: StyleSettings) -> bool:
    """True when a fast style paints the first canvas."""
    return settings.start_from == "instant" and settings.mode == "paint"


def loss_weights(settings: StyleSettings) -> LossWeights:
    """Translate the sliders into the weights of the loss."""
    return LossWeights(
        content=0.0 if settings.mode == "texture" else settings.content_weight,
        style=0.0 if settings.mode == "reconstruct" else settings.style_weight,
        total_variation=settings.total_variation,
        content_layers=settings.content_layers,
        style_layers=settings.style_layers,
        mix=settings.style_mix,
    )


def _middle(painting: Picture) -> Picture:
    """Cut off both ends of a painting that is longer than `MOST_ELONGATED` times its shorter side."""
    height, width = painting.shape[:2]
    longest = MOST_ELONGATED * min(height, width)
    top, left = max(0, height - longest) // 2, max(0, width - longest) // 2
    return painting[top : top + longest, left : left + longest]
