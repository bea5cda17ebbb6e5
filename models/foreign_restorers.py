"""Other people's networks that restore pictures: ESRGAN, SPAN, SCUNet, NAFNet and some forty others, through spandrel.

spandrel tells by names and shapes which network a file's weights belong to, and what it needs: at least so many pixels,
sides that are multiples, the whole picture. How far it looks nobody says, and it is measured here; so that such a
network, too, works tile by tile without a seam.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.vision_operators import declare_vision_operators
from models.weight_files import WeightsError, check_numbers, read_content
from models.weight_headers import UnknownNetworkError

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

__all__ = ["ForeignRestorer", "load_foreign"]

_LOOKS = (8, 16, 32, 64)
"""Distances, px, that are tried."""
_VISIBLE = 1.0 / 510
"""A difference that can be seen: half a level of 255."""
_SEEN_SIDE = 16


class ForeignRestorer(nn.Module):
    """One of them, asked as ours are.

    Args:
        descriptor: spandrel's.
        file: what messages call it.
        reach: how far it looks, px; 0 is measured.

    Attributes:
        architecture: what spandrel calls it, such as "ESRGAN 64nf 23nb".
        scale: how many times as wide the result is.
        multiple: pixels that a side is padded to a multiple of.
        reach: pixels away that something still changes the result visibly; None where it shall see the whole picture.
        held: about so many numbers are in memory at once for each pixel of the input.

    Raises:
        WeightsError: it is for something else than whole photos.

    """

    def __init__(self, descriptor: "ImageModelDescriptor[Any]", file: str, reach: int | None = 0) -> None:
        from spandrel import ImageModelDescriptor, ModelTiling

        super().__init__()
        name = descriptor.architecture.name
        if not isinstance(descriptor, ImageModelDescriptor):
            raise WeightsError(f"{file} ({name}) fills holes in pictures: it cannot restore without a mask of them.")
        if descriptor.purpose == "FaceSR":
            raise WeightsError(f"{file} ({name}) draws faces that were cut out for it: it cannot restore whole photos.")
        channels = descriptor.input_channels, descriptor.output_channels
        if channels not in ((1, 1), (3, 3)):
            raise WeightsError(
                f"{file} ({name}) makes pictures of {channels[1]} channels from {channels[0]}; photos have 3."
            )
        self.model = descriptor.model
        self._descriptor = descriptor.eval()
        self.architecture = " ".join((name, *descriptor.tags))
        self.scale, self.multiple = descriptor.scale, descriptor.size_requirements.multiple_of
        self._channels = channels[0]
        self.held = self._measured_maps()
        if reach == 0:
            reach = self._measured_reach() if descriptor.tiling is ModelTiling.SUPPORTED else None
        self.reach = reach

    def forward(self, pictures: Tensor, strength: Tensor | None = None) -> Tensor:
        """N×3×H×W, 0–1 → N×3×sH×sW; it knows no strength. One for grey pictures restores each colour by itself."""
        count, colours, height, width = pictures.shape
        made: Tensor = self._descriptor(pictures.reshape(-1, self._channels, height, width))
        return made.reshape(count, colours, *made.shape[2:])

    @torch.no_grad()
    def _measured_maps(self) -> int:
        """Return four times what the largest map has for each pixel of a small picture."""
        side, largest = 64, 0

        def look(layer: nn.Module, given: Any, made: Any) -> None:
            nonlocal largest
            largest = max(largest, made.numel() if isinstance(made, Tensor) else 0)

        hooks = [layer.register_forward_hook(look) for layer in self.model.modules()]
        self(torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)))
        for hook in hooks:
            hook.remove()
        return 4 * largest // side**2

    @torch.no_grad()
    def _measured_reach(self) -> int:
        """Show it more and more of what is around a place, and see when that no longer changes anything there.

        What still does so at the last distance is of a network of which its authors say that it may be tiled.
        """
        generator = torch.Generator().manual_seed(0)
        middle = -(-_LOOKS[-1] // self.multiple) * self.multiple
        side = _SEEN_SIDE + 2 * middle
        picture = torch.stack([_noise(grain, side, generator) for grain in (1, 4, 32)]).mean(dim=0)
        before, last = None, 0
        for look in _LOOKS:
            around = -(-look // self.multiple) * self.multiple
            cut = slice(middle - around, middle + _SEEN_SIDE + around)
            seen = slice(around * self.scale, (around + _SEEN_SIDE) * self.scale)
            now = self(picture[:, :, cut, cut])[:, :, seen, seen]
            if before is not None and (now - before).abs().max() < _VISIBLE:
                return last
            before, last = now, look
        return last


def load_foreign(path: Path, reach: int | None = 0) -> ForeignRestorer:
    """Return the network in `path`, in full precision and eval mode on the CPU. Numbers only are read, never code.

    Args:
        path: a file that others made.
        reach: how far it looks, px; 0 where nobody has measured that: it takes a second, or ten.

    Raises:
        UnknownNetworkError: spandrel does not know the network.
        WeightsError: the file is damaged, or its network is for something else.
        OSError: it cannot be read.

    """
    declare_vision_operators()
    from spandrel import MAIN_REGISTRY, UnsupportedModelError, canonicalize_state_dict

    content = read_content(path)
    weights = canonicalize_state_dict(content) if isinstance(content, dict) else {}
    tensors = {str(key): value for key, value in weights.items() if isinstance(value, Tensor)}
    check_numbers({key: value for key, value in tensors.items() if value.is_floating_point()}, path.name)
    tensors = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    try:
        network = ForeignRestorer(MAIN_REGISTRY.load(tensors), path.name, reach)
    except WeightsError:
        raise
    except UnsupportedModelError as error:
        raise UnknownNetworkError(f"{path.name} holds none of the networks that are known.") from error
    except Exception as error:  # built by guesses from shapes: what does not fit ends in whatever it trips over
        raise WeightsError(f"{path.name} looks like a network that is known, but does not fit it.") from error
    return network.requires_grad_(False).eval()


def _noise(grain: int, side: int, generator: torch.Generator) -> Tensor:
    """1×3×S×S, 0–1: noise whose grains are so many pixels wide."""
    small = torch.rand(1, 3, side // grain + 1, side // grain + 1, generator=generator)
    return F.interpolate(small, scale_factor=grain, mode="bilinear")[:, :, :side, :side]
