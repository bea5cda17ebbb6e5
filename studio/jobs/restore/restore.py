"""The restore job: mends or enlarges a photo in tiles, those first that one looks at."""

from contextlib import suppress
from math import sqrt
from time import monotonic
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.noise import WORST_SIGMA, noise_sigma
from models.restoration_tiles import Tile, restore_in_tiles
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import Cost, available_memory
from studio.core.events import DeepPicture, Job, Log, Picture, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.images import full_depth
from studio.core.memory import keeping_pages
from studio.core.picture_task import MASK, PictureRequest, PictureResult
from studio.core.picture_tasks import RESTORE
from studio.core.recipes import Recipe
from studio.core.resizing import fit_within, resize, to_8_bits, to_16_bits
from studio.core.restore_settings import RestoreSettings
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls
from studio.jobs.restore.colourise import colourise
from studio.jobs.restore.networks import FORMAT, OpenRestorer, opened, with_scale

__all__ = ["restore", "strength_for", "warm_up_restorer"]

LOADING = "Loading the network…"
ONE_PASS_PIXELS = 1_000_000
"""The most that a network that looks at the whole picture gets at once: its attention grows with the square of it."""
SHOWN_SIDE = 4096
"""Longer side, px, of what is shown while it is made: at 100 % one wants to see what is made, not a smaller version."""
_SHOWN_IN_PASSING = 6_000_000
"""Bytes that take next to nothing to be shown; what is larger is shown less often."""
_BYTES_PER_PIXEL = 24
"""Of the result: its layer and what is composed of it, of 16 bits a colour, and what is shown of it."""
_ORDINARY_SIDE, _SIDE_PER_REACH = 512, 10
"""Side of a tile: so much larger than what is around it that little is computed twice, and done in a second or two."""
_ROOM = 2**30
"""Bytes that a tile may take, with what is around it; no more than a quarter of what is free."""
_SMALLEST_SIDE, _FIRST_LOOK = 64, 128
_SAMPLE = np.zeros((_FIRST_LOOK, _FIRST_LOOK, 3), np.uint8)
_BETWEEN_PREVIEWS_S = 0.25
_BAND = 256


def restore(request: PictureRequest, controls: Controls[RestoreSettings]) -> Job[PictureResult]:
    """Restore `request.photo`, in the depth of its file.

    Raises:
        StudioError: a network cannot be had, the result is too large for the memory, or even small tiles are.

    """
    asked, photo = controls.settings, request.photo
    recipe = controls.recipe if isinstance(controls, ReplayControls) else None
    yield Progress(LOADING)
    picture = full_depth(photo)
    height, width = picture.shape[:2]
    size = asked.size_of(width, height)
    _check_memory(*size)
    if asked.mode == "colourise":
        coloured = yield from colourise(request, picture, asked, recipe)
        made, records, versions = coloured.layer, coloured.records, dict[str, str]()
    else:
        made, restorer = yield from _through_a_network(picture, size, asked, controls, recipe)
        records, versions = restorer.records, {FORMAT: str(restorer.format)}
    for mask in request.all(MASK):
        yield Progress("Putting back what is protected")
        _protect(made, picture, mask.pixels)
    if recipe is None:
        writer = RecipeWriter(RESTORE, request, asked, *records, versions=versions)
        recipe = writer.write(asked)
    return result_of(request, made, asked, recipe)


def _through_a_network(
    picture: Picture | DeepPicture, size: tuple[int, int], asked: RestoreSettings, controls: Controls[RestoreSettings],
    recipe: Recipe | None,
) -> Job[tuple[DeepPicture, OpenRestorer]]:  # fmt: skip
    """Mend or enlarge a picture to `size`, width and height; returns the network that did it as well."""
    height, width = picture.shape[:2]
    settings = with_scale(asked, width, height, recipe)
    _check_memory(width * settings.enlargement, height * settings.enlargement)
    strength = strength_for(settings, picture)
    restorer = opened(settings, strength, recipe)
    if restorer.remark:
        yield Log(restorer.remark, "warning")
    made = yield from _Work(restorer, picture, strength, settings, controls).tiles()
    if size != (made.shape[1], made.shape[0]):
        yield Progress(f"Bringing it to {size[0]} × {size[1]} px")
        made = resize(made, *size)
    return made, restorer


def warm_up_restorer(task: RestoreSettings, controls: Controls[Any]) -> Job[None]:
    """Have torch and the networks for these settings in memory, and know the best format, before a photo comes.

    What cannot be had is told when it is needed.
    """
    yield Progress(LOADING)
    if task.mode == "colourise":  # its network is small, and tried in no format
        return
    with suppress(StudioError):
        mends = 1.0 if task.enlargement == 1 else max(0.0, task.denoise)
        restorer = opened(task.for_photo(1, 1), mends)
        yield Progress(LOADING)
        yield from (Progress(LOADING) for _ in restore_in_tiles(restorer.network, _SAMPLE, mends, side=_FIRST_LOOK))


def strength_for(settings: RestoreSettings, picture: Picture | DeepPicture) -> float:
    """Return how much is to be taken away, 0–1: what is set; automatic is what the photo's noise asks for."""
    if settings.denoise >= 0:
        return settings.denoise
    return 0.0 if settings.enlargement > 1 else min(1.0, noise_sigma(picture) / WORST_SIGMA)


def _protect(made: DeepPicture, photo: Picture | DeepPicture, mask: Picture) -> None:
    """Lay the photo over what was made of it where the mask is white; in place, in bands of rows."""
    height, width = made.shape[:2]
    stays = cv2.cvtColor(np.ascontiguousarray(mask[..., :3]), cv2.COLOR_RGB2GRAY)
    stays = np.asarray(cv2.resize(stays, (width, height), interpolation=cv2.INTER_LINEAR))
    original = resize(to_16_bits(photo[..., :3]), width, height)
    for top in range(0, height, _BAND):
        rows = slice(top, top + _BAND)
        share = stays[rows, :, None] * np.float32(1.0 / 255.0)
        made[rows] = np.rint(made[rows] + (original[rows].astype(np.float32) - made[rows]) * share).astype(np.uint16)


def _check_memory(width: int, height: int) -> None:
    """Refuse a result for which there is no room.

    Raises:
        StudioError: there is none.

    """
    cost = Cost(width, height, memory=_BYTES_PER_PIXEL * width * height, room=available_memory())
    if not cost.fits:
        share = sqrt(0.8 * (cost.room or 0) / (cost.memory or 1))
        raise cost.refusal(int(share * max(width, height)))


class _Work:
    """One photo's way through a network."""

    def __init__(
        self, restorer: OpenRestorer, picture: Picture | DeepPicture, strength: float, settings: RestoreSettings,
        controls: Controls[RestoreSettings],
    ) -> None:  # fmt: skip
        self._restorer, self._picture, self._strength, self._controls = restorer, picture, strength, controls
        self._stage = f"Enlarging {settings.scale} ×" if settings.enlargement > 1 else "Enhancing"
        self._scale, self._settings = settings.enlargement, settings

    def tiles(self) -> Job[DeepPicture]:
        """Return the restored picture; tiles are as small as the memory asks for.

        Raises:
            StudioError: they cannot be small enough.

        """
        reach: int | None = self._restorer.network.reach  # type: ignore[assignment]
        side = self._side(reach or 0)
        if reach is None and self._picture.shape[0] * self._picture.shape[1] > ONE_PASS_PIXELS:
            return (yield from self._reduced())
        while True:
            try:
                with keeping_pages():
                    return (yield from self._in_tiles_of(side))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            side //= 2
            if reach is None or side < _SMALLEST_SIDE:
                raise StudioError("There is not enough memory for this picture.", "Make it smaller, or close programs.")
            yield Log(f"The memory did not suffice: it goes on in smaller tiles, of {side} px.", "warning")

    def _side(self, reach: int) -> int:
        """Return the side of the tiles to begin with, as the network's reach, its maps and the memory ask for."""
        held: int = self._restorer.network.held  # type: ignore[assignment]
        room = min(_ROOM, (available_memory() or 4 * _ROOM) // 4)
        largest = int(sqrt(room / (held * self._restorer.format.bytes))) - 2 * reach
        return max(_SMALLEST_SIDE, min(largest, max(_ORDINARY_SIDE, _SIDE_PER_REACH * reach)))

    def _reduced(self) -> Job[DeepPicture]:
        """Restore a smaller version in one piece, and add what that changed to the photo, which keeps its detail."""
        height, width = self._picture.shape[:2]
        share = sqrt(ONE_PASS_PIXELS / (height * width))
        yield Log("This network looks at the whole picture, which is too large for it: it works on a smaller version.")
        small = resize(to_16_bits(self._picture[..., :3]), round(width * share), round(height * share))
        work = _Work(self._restorer, small, self._strength, self._settings, self._controls)
        made = yield from work.tiles()
        size = width * self._scale, height * self._scale

        def grown(picture: Any) -> NDArray[np.float32]:
            return np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), np.float32)

        changed = grown(self._picture[..., :3]) * np.float32(65535 / np.iinfo(self._picture.dtype).max)
        changed += grown(made)
        changed -= grown(small)
        return np.asarray(np.clip(np.rint(changed), 0, 65535), np.uint16)

    def _in_tiles_of(self, side: int) -> Job[DeepPicture]:
        height, width = self._picture.shape[:2]
        made = np.empty((height * self._scale, width * self._scale, 3), np.uint16)
        shown, told = _Shown(self._picture, self._scale), monotonic()
        pause = _BETWEEN_PREVIEWS_S * max(1.0, shown.picture.size / _SHOWN_IN_PASSING)
        work = restore_in_tiles(
            self._restorer.network, self._picture, self._strength, side=side, made=made,
            look_at=lambda: self._controls.look_at, first_look=_FIRST_LOOK,
        )  # fmt: skip
        yield Progress(self._stage, 0, 100, 0.0)
        for number, (tile, share) in enumerate(work, 1):
            shown.take(tile, made)
            if number == 1 or monotonic() - told > pause:
                yield Preview(shown.picture.copy(), number, self._stage, draft=True)
                told = monotonic()
            yield Progress(self._stage, round(100 * share), 100, share)
        return made


class _Shown:
    """What is shown meanwhile: the photo, and what is made of it so far, no larger than is worth it."""

    def __init__(self, photo: Picture | DeepPicture, scale: int) -> None:
        height, width = photo.shape[:2]
        small: Any = fit_within(to_8_bits(photo[..., :3]), SHOWN_SIDE)
        share = min(1.0, SHOWN_SIDE / (scale * max(height, width)))
        size = max(1, round(width * scale * share)), max(1, round(height * scale * share))
        self.picture: Picture = np.ascontiguousarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))
        self._across, self._down = size[0] / (width * scale), size[1] / (height * scale)

    def take(self, tile: Tile, made: DeepPicture) -> None:
        """Show a tile that is made."""
        top, bottom = (round(y * self._down) for y in (tile.top, tile.bottom))
        left, right = (round(x * self._across) for x in (tile.left, tile.right))
        if bottom > top and right > left:
            part = to_8_bits(made[tile.cut])
            self.picture[top:bottom, left:right] = cv2.resize(
                part, (right - left, bottom - top), interpolation=cv2.INTER_AREA
            )
