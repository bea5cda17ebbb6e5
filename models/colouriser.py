"""Colours for a photo that has none, or other ones: from lightness, and from what a hand has hinted at.

What atelier-slim sees in the grey picture goes up again through a U-Net to half its size, where every place has a
guess of its own. Hints are sparse (Zhang et al. 2017, "Real-Time User-Guided Image Colorization"): a few pixels with a
colour. How far one reaches is learnt as attention: each place asks which hints lie on what looks alike and is near, and
"none of them" is an answer, too. What it hears is mixed with its own guess, colour with colour, so that a hint of a
colour that was never seen there is taken as it is.

Beside that stands a coarse distribution over colours, from which a palette is suggested.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.cielab import grey_of
from models.colour_bins import bin_centres
from models.slim import MEAN, SLIM_WIDTHS, STD, slim_features, tap_indices
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import COLOURISER, facts_of

__all__ = ["MULTIPLE", "SCALE", "WORKS_AT", "Colouring", "Colouriser", "ColouriserFacts", "load_colouriser", "to_file"]

MULTIPLE = 16
"""Sides of a picture are multiples of so many pixels."""
SCALE = 100.0
"""Colours are a and b of CIELAB divided by this."""
WORKS_AT = 192
"""Longer side, px, of what a new network works on: its file says so, so that what it made can be made again."""

_FORMAT = "1"
_GAINS = 10.0, 14.0, 20.0, 20.0
"""What brings atelier-slim's features, from 1/2 to 1/16 of the size, to a deviation of about 1."""
_HEADS, _KEY = 4, 16
_NEARNESS, _LIKENESS = (3.0, 6.0), (4.0, 8.0)
"""What the heads begin with: the roots of s and t, where the picture's longer side and white's lightness are 1."""
_NOBODY = -3.0
"""The logit of "none" that they begin with."""
_NEVER = -1e4
"""The logit of a place where there is no hint."""


class Colouring(NamedTuple):
    """What comes out: `ab`, N×2×H/2×W/2, divided by `SCALE`; `bins`, N×Q×H/8×W/8, logits of `bin_centres`."""

    ab: Tensor
    bins: Tensor


class Colouriser(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = slim_features()
        taps = tap_indices(self.encoder)
        self._stops = [taps[name] for name in ("relu2_1", "relu3_1", "relu4_1", "relu5_1")]
        half, quarter, eighth, sixteenth = (widths[-1] for widths in SLIM_WIDTHS[1:])
        self.bottom = Bottom(sixteenth + 3, 128)
        self.to_eighth = Up(128, eighth, 96)
        self.bins = nn.Conv2d(96, len(bin_centres()), kernel_size=1)
        self.to_quarter = Up(96, quarter, 64)
        self.spread = HintAttention(64)
        self.to_half = Up(64, half, 32, extra=3 + 3 * _HEADS)
        self.guess = nn.Conv2d(32, 2, kernel_size=1)
        self.choice = nn.Conv2d(32, 1 + _HEADS, kernel_size=1)

    def forward(self, lightness: Tensor, hints: Tensor) -> Colouring:
        """Colour pictures.

        Args:
            lightness: N×1×H×W, L, 0–100; sides are multiples of `MULTIPLE`.
            hints: N×3×H/2×W/2: a and b divided by `SCALE`, and 1 where there is a hint, 0 (and a = b = 0) elsewhere.

        """
        seen = [gain * x for gain, x in zip(_GAINS, self._look(lightness), strict=True)]
        x = self.bottom(torch.cat([seen[3], _pooled(hints, 8)], dim=1))  # N×128×H/16×W/16
        x = self.to_eighth(x, seen[2])
        bins = self.bins(x)
        x = self.to_quarter(x, seen[1])  # N×64×H/4×W/4
        told = F.interpolate(
            self.spread(x, hints, F.avg_pool2d(lightness, 2)), scale_factor=2.0, mode="bilinear"
        )  # N×3·heads×H/2×W/2
        x = self.to_half(x, seen[0], torch.cat([hints, told], dim=1))
        return Colouring(self._mixed(x, told.float().reshape(told.shape[0], _HEADS, 3, *told.shape[2:])), bins)

    def _look(self, lightness: Tensor) -> list[Tensor]:
        """Return what the encoder sees at 1/2, 1/4, 1/8 and 1/16."""
        with torch.autocast(lightness.device.type, enabled=False):
            x = (grey_of(lightness.float()) - MEAN[0]) / STD[0]
        x, seen = x.expand(-1, 3, -1, -1), []
        for index, layer in enumerate(self.encoder):
            x = layer(x)
            if index in self._stops:
                seen.append(x)
        return seen

    def _mixed(self, x: Tensor, told: Tensor) -> Tensor:
        """Mix the guess with the hints' colours: as far as a head has found any, and as this place chooses."""
        with torch.autocast(x.device.type, enabled=False):
            heard = told[:, :, 2:].clamp(1e-4, 1.0)  # N×heads×1×H×W
            colours = told[:, :, :2] / heard
            logits = self.choice(x.float())
            logits = torch.cat([logits[:, :1], logits[:, 1:] + heard[:, :, 0].log()], dim=1)
            share = torch.softmax(logits, dim=1)
            made: Tensor = share[:, :1] * self.guess(x.float()) + (share[:, 1:, None] * colours).sum(dim=1)
            return made

    @torch.no_grad()
    def initialise(self, encoder: Mapping[str, Tensor], generator: torch.Generator) -> None:
        """Begin with a trained encoder; all else is drawn (He et al. 2015), guesses begin grey.

        Args:
            encoder: the weights of atelier-slim's `features`.
            generator: decides.

        """
        self.encoder.load_state_dict(encoder)
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d) and not name.startswith("encoder."):
                nn.init.normal_(layer.weight, 0.0, (2.0 / layer.weight[0].numel()) ** 0.5, generator=generator)
                nn.init.zeros_(cast(Tensor, layer.bias))
        for last in (self.guess, self.choice, self.bins):
            last.weight.mul_(0.01)
        self.spread.begin_bilateral()


class Bottom(nn.Module):
    """The smallest maps: what lies far apart, and what kind of picture it is."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, width, kernel_size=1)
        self.wide = nn.ModuleList(nn.Conv2d(width, width, 3, padding=apart, dilation=apart) for apart in (1, 2, 4))
        self.whole = nn.Conv2d(width, width, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×H×W → N×width×H×W."""
        x = torch.relu(self.enter(x))
        for layer in self.wide:
            x = x + torch.relu(layer(x))
        made: Tensor = x + self.whole(x.mean(dim=(2, 3), keepdim=True))
        return made


class Up(nn.Module):
    """One level up: doubled, joined with what the encoder saw there, and two convolutions."""

    def __init__(self, width: int, seen: int, out: int, extra: int = 0) -> None:
        super().__init__()
        self.below, self.beside = nn.Conv2d(width, out, kernel_size=1), nn.Conv2d(seen, out, kernel_size=1)
        self.first = nn.Conv2d(2 * out + extra, out, kernel_size=3, padding=1)
        self.second = nn.Conv2d(out, out, kernel_size=3, padding=1)

    def forward(self, x: Tensor, seen: Tensor, extra: Tensor | None = None) -> Tensor:
        """N×width×H×W, N×seen×2H×2W (and more maps of that size) → N×out×2H×2W."""
        x = F.interpolate(self.below(x), scale_factor=2.0, mode="nearest")
        joined = [torch.relu(x), torch.relu(self.beside(seen)), *([] if extra is None else [extra.to(x.dtype)])]
        x = torch.relu(self.first(torch.cat(joined, dim=1)))
        made: Tensor = x + torch.relu(self.second(x))
        return made


class HintAttention(nn.Module):
    """How far hints reach: attention from every place to the hints, by likeness and nearness.

    The logit of a hint is q·k/√d − s·distance² − t·(difference of lightness)²; s and t are learnt for each head. So it
    begins as a joint bilateral filter (Tomasi & Manduchi 1998), and learns likeness on top. The logit of "none" is each
    place's own. All of it is one scaled dot product, since |x − y|² is one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(width, _HEADS * (_KEY + 1), kernel_size=1)
        self.key = nn.Conv2d(width, _HEADS * _KEY, kernel_size=1)
        self.nearness = nn.Parameter(torch.linspace(*_NEARNESS, _HEADS))
        self.likeness = nn.Parameter(torch.linspace(*_LIKENESS, _HEADS))

    @torch.no_grad()
    def begin_bilateral(self) -> None:
        """Ask for nothing but nearness and lightness at first: likeness that is drawn by chance costs 2 dB."""
        self.query.weight.zero_()
        bias = cast(Tensor, self.query.bias).view(_HEADS, _KEY + 1)
        bias.zero_()
        bias[:, -1] = _NOBODY

    def forward(self, x: Tensor, hints: Tensor, lightness: Tensor) -> Tensor:
        """Let every place hear the hints.

        Args:
            x: N×width×H×W, what is seen there.
            hints: N×3×2H×2W.
            lightness: N×1×2H×2W, L.

        Returns:
            N×3·heads×H×W: of each head a, b and how much was heard, 0–1; a and b times that.

        """
        number, _, height, width = x.shape
        with torch.autocast(x.device.type, enabled=False):
            x, hints = x.float(), hints.float()
            where = _places(lightness.float() / SCALE)  # N×3×2H×2W
            there = hints[:, 2:]
            coarse = _pooled(torch.cat([hints[:, :2], where * there, there], dim=1), 4)  # N×6×H/2×W/2
            most = int(coarse[:, 5].flatten(1).sum(dim=1).max())
            if not most:
                return x.new_zeros(number, 3 * _HEADS, height, width)
            _, chosen = coarse[:, 5].flatten(1).topk(most)  # N×J
            hint = coarse.flatten(2).gather(2, chosen[:, None].expand(-1, 6, -1)).movedim(1, 2)  # N×J×6
            keys = F.avg_pool2d(self.key(x), 2).reshape(number, _HEADS, _KEY, -1)  # N×heads×16×HW/4
            key = keys.gather(3, chosen[:, None, None].expand(-1, _HEADS, _KEY, -1)).movedim(2, 3)
            heard = self._heard(x, F.avg_pool2d(where, 2).flatten(2).movedim(1, 2), key, hint)
            return heard.movedim(2, 3).reshape(number, -1, height, width)

    def _heard(self, x: Tensor, where: Tensor, key: Tensor, hint: Tensor) -> Tensor:
        """Return what each place hears, N×heads×HW×3."""
        asked = self.query(x).reshape(len(x), _HEADS, _KEY + 1, -1).movedim(2, 3)  # N×heads×HW×17
        asked, none = asked.split([_KEY, 1], dim=3)
        near, alike = F.softplus(self.nearness), F.softplus(self.likeness)  # roots of s and t
        scales = torch.stack([near, near, alike], dim=1)[None, :, None]  # 1×heads×1×3
        mine, at = where[:, None] * scales, hint[:, None, :, 2:5] * scales  # N×heads×HW×3, N×heads×J×3
        # q·k = asked·key/√d + 2 x·y − |y|² (+ never, where there is none); "none" is measured against |x|²
        query = torch.cat(
            [asked / math.sqrt(_KEY), 2 * mine, torch.ones_like(none), none + mine.square().sum(-1, True)], dim=3
        )
        never = (1.0 - hint[:, None, :, 5:]) * _NEVER
        keys = torch.cat([key, at, never - at.square().sum(-1, True), torch.zeros_like(key[..., :1])], dim=3)
        nobody = F.one_hot(torch.tensor(keys.shape[3] - 1, device=x.device), keys.shape[3]).to(keys)
        keys = torch.cat([keys, nobody.expand(*keys.shape[:2], 1, -1)], dim=2)  # N×heads×J+1×21
        value = F.pad(hint[..., [0, 1, 5]], (0, 0, 0, 1))[:, None].expand(-1, _HEADS, -1, -1)
        return F.scaled_dot_product_attention(query, keys, value, scale=1.0)


def _pooled(hints: Tensor, side: int) -> Tensor:
    """Return the mean of the hints in squares of `side` pixels, and in the last map whether there are any: N×C×H×W."""
    sums = F.avg_pool2d(hints, side)
    there = (sums[:, -1:] > 0).to(sums.dtype)
    return torch.cat([sums[:, :-1] / (sums[:, -1:] + (1.0 - there)), there], dim=1)


def _places(lightness: Tensor) -> Tensor:
    """Return y and x of every place, the longer side being 1, and how light it is, N×1×H×W: N×3×H×W."""
    number, _, height, width = lightness.shape
    longer = max(height, width)
    y, x = ((torch.arange(length, device=lightness.device) + 0.5) / longer for length in (height, width))
    plane = torch.stack(torch.meshgrid(y, x, indexing="ij")).expand(number, -1, -1, -1)
    return torch.cat([plane, lightness], dim=1)


@dataclass(frozen=True, slots=True)
class ColouriserFacts:
    """What a file tells of its network.

    Attributes:
        steps: how long it learnt.
        side: longer side, px, of the reduced pictures that it works on.
        about: anything else.

    """

    steps: int = 0
    side: int = WORKS_AT
    about: Mapping[str, str] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        own = {"task": COLOURISER, "architecture": f"atelier-{COLOURISER}", "format": _FORMAT}
        return {**self.about, **own, "steps": str(self.steps), "side": str(self.side)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "ColouriserFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no network that colours, or one of a later kind.

        """
        if metadata.get("task") != COLOURISER:
            raise WeightsError(f"{file} holds no network that colours pictures.")
        if metadata.get("format") != _FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            return cls(int(metadata["steps"]), int(metadata["side"]))
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{file} does not say how its network is used.") from error


def to_file(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights as a file holds them: by name, half precision, on the CPU."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}


def load_colouriser(path: Path) -> tuple[Colouriser, ColouriserFacts]:
    """Return the network in `path`, in full precision and eval mode on the CPU, and what it is.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    facts = ColouriserFacts.from_metadata(facts_of(path), path.name)
    tensors, network = read_tensors(path), Colouriser()
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    check_numbers(tensors, path.name)
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted})
    return network.requires_grad_(False).eval(), facts
