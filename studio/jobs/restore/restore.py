"""The restore job: mends or enlarges a photo in tiles, those first that one looks at."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import sqrt
from time import monotonic
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.jpeg_traces import UNTOUCHED, jpeg_quality
from models.noise import WORST_SIGMA, noise_sigma
from models.restoration_tiles import Tile, restore_in_tiles
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.cost import Cost, available_memory
from studio.core.events import DeepPicture, Job, Log, Picture, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.images import full_depth
from studio.core.masking import Bare, keep_photo, where_photo_stays
from studio.core.memory import keeping_pages
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import RESTORE
from studio.core.recipes import Recipe
from studio.core.resizing import fit_within, resize, to_8_bits, to_16_bits
from studio.core.restore_settings import FILLING, RestoreSettings
from studio.jobs.picture_recipes import RecipeWriter, ReplayControls
from studio.jobs.restore.colourise import colourise
from studio.jobs.restore.fill import Retouched, fill
from studio.jobs.restore.networks import FORMAT, OpenRestorer, mends_by_itself, opened, with_scale
from studio.jobs.restore.old_photo import old_photo
from studio.jobs.restore.scratches import scratches

__all__ = ["restore", "strength_for", "warm_up_restorer"]

LOADING = "Loading the network…"
ONE_PASS_PIXELS = 1_000_000
"""The most that a network that looks at the whole picture gets at once: its attention grows with the square of it."""
SHOWN_SIDE = 4096
"""Longer side, px, of what is shown while it is made: at 100 % one wants to see what is made, not a smaller version."""
_SHOWN_IN_PASSING = 6_000_000
"""Bytes that take next to nothing to be shown; what is larger is shown less often."""
_BYTES_PER_PIXEL = 30
"""Of the result: its layer, bare and with what is protected, what is composed of it, of 16 bits a colour, and what is
shown of it."""
_ORDINARY_SIDE, _SIDE_PER_REACH = 512, 10
"""Side of a tile: so much larger than what is around it that little is computed twice, and done in a second or two."""
_ROOM = 2**30
"""Bytes that a tile may take, with what is around it; no more than a quarter of what is free."""
_SMALLEST_SIDE, _FIRST_LOOK = 64, 128
_PER_QUALITY = 1 / 160
"""Strength for each quality that a JPEG lacks: 20 is mended best at .5, 60 at .25 (measured on BSDS200)."""
_FINE_TEXTURE = 0.25
"""Strength of noise below which what is to be enlarged may as well be clean: photos reduced fourfold have .02–.17."""
_SAMPLE = np.zeros((_FIRST_LOOK, _FIRST_LOOK, 3), np.uint8)
_BETWEEN_PREVIEWS_S = 0.25


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
    stays = where_photo_stays(request, *size)
    if asked.mode in FILLING:
        made = yield from _retouched(request, picture, asked, controls, recipe)
    elif asked.mode == "colourise":
        made = yield from colourise(request, picture, asked, recipe)
    else:
        made = yield from _through_a_network(picture, size, stays, asked, controls, recipe)
    layer, everywhere = made.layer, asked.mode in FILLING or asked.mode == "colourise"
    bare = Bare.made_beside(layer, stays, everywhere=everywhere)
    if stays:
        yield Progress("Putting back what is protected")
        keep_photo(layer, picture, stays)
    if recipe is None:
        recipe = RecipeWriter(RESTORE, request, asked, *made.records, versions=made.versions).write(asked)
    return replace(result_of(request, layer, asked, recipe), found=made.found, bare=bare)


def _retouched(
    request: PictureRequest, picture: Picture | DeepPicture, asked: RestoreSettings,
    controls: Controls[RestoreSettings], recipe: Recipe | None,
) -> Job[Retouched]:  # fmt: skip
    """Fill holes, given or found, and, of an old photo, mend what comes of it."""
    match asked.mode:
        case "fill":
            return (yield from fill(request, picture, asked, recipe))
        case "old-photo":

            def enhance(whole: DeepPicture, settings: RestoreSettings) -> Job[Retouched]:
                return _through_a_network(whole, (whole.shape[1], whole.shape[0]), (), settings, controls, recipe)

            return (yield from old_photo(request, picture, asked, recipe, enhance))
    return (yield from scratches(request, picture, asked, recipe))


def _through_a_network(
    picture: Picture | DeepPicture, size: tuple[int, int], stays: Sequence[NDArray[np.uint8]], asked: RestoreSettings,
    controls: Controls[RestoreSettings], recipe: Recipe | None,
) -> Job[Retouched]:  # fmt: skip
    """Mend or enlarge a picture to `size`, width and height; where the photo stays altogether, nothing is computed."""
    height, width = picture.shape[:2]
    settings = with_scale(asked, width, height, recipe)
    _check_memory(width * settings.enlargement, height * settings.enlargement)
    strength = strength_for(settings, picture, by_itself=mends_by_itself(settings, recipe))
    restorer = opened(settings, strength, recipe)
    if restorer.remark:
        yield Log(restorer.remark, "warning")
    made = yield from _Work(restorer, picture, strength, settings, controls, stays).tiles()
    if size != (made.shape[1], made.shape[0]):
        yield Progress(f"Bringing it to {size[0]} × {size[1]} px")
        made = resize(made, *size)
    return Retouched(made, restorer.records, {FORMAT: str(restorer.format)})


def warm_up_restorer(task: RestoreSettings, controls: Controls[Any]) -> Job[None]:
    """Have torch and the networks for these settings in memory, and know the best format, before a photo comes.

    What cannot be had is told when it is needed.
    """
    yield Progress(LOADING)
    if task.mode in (FILLING - {"old-photo"}) | {"colourise"}:  # small networks, opened in a moment
        return
    with suppress(StudioError):
        settings, warm = with_scale(task, 1, 1), []
        automatic = [0.0] if settings.enlargement > 1 else []
        if mends_by_itself(settings):  # a photo has something to be taken away, or not
            automatic.append(1.0)
        for mends in automatic if task.denoise < 0 else (task.denoise,):
            restorer = opened(settings, mends)
            yield Progress(LOADING)
            if restorer.records in warm:
                continue  # one that hears how much is asked of it serves both
            warm.append(restorer.records)
            for _ in restore_in_tiles(restorer.network, _SAMPLE, mends, side=_FIRST_LOOK):
                yield Progress(LOADING)


def strength_for(settings: RestoreSettings, picture: Picture | DeepPicture, *, by_itself: bool) -> float:
    """Return how much is to be taken away, 0–1: what is set; automatic is what the photo's noise or JPEG asks for.

    Args:
        settings: of the job.
        picture: the photo.
        by_itself: whether automatic mends; else only the artist asks for it.

    """
    if settings.denoise >= 0:
        return settings.denoise
    if not by_itself:
        return 0.0
    noise = noise_sigma(picture, channelwise=True) / WORST_SIGMA  # as the network learnt what a strength is
    if settings.enlargement > 1 and noise < _FINE_TEXTURE:
        noise = 0.0
    return min(1.0, max(noise, (UNTOUCHED - jpeg_quality(picture)) * _PER_QUALITY))


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
        controls: Controls[RestoreSettings], stays: Sequence[NDArray[np.uint8]] = (),
    ) -> None:  # fmt: skip
        self._stays = stays
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

    def _wanted(self, made: DeepPicture) -> Callable[[Tile], bool]:
        """Return what tells a tile of the result that is to be made from one in which the photo stays.

        There it is laid over whatever is made, so nothing needs to be.
        """
        here = [mask for mask in self._stays if mask.shape == made.shape[:2]]
        if not here or len(here) < len(self._stays):
            return lambda _tile: True
        made[...] = resize(to_16_bits(self._picture[..., :3]), made.shape[1], made.shape[0])
        return lambda tile: bool((np.maximum.reduce([mask[tile.cut] for mask in here]) < 255).any())

    def _in_tiles_of(self, side: int) -> Job[DeepPicture]:
        height, width = self._picture.shape[:2]
        made = np.empty((height * self._scale, width * self._scale, 3), np.uint16)
        wanted = self._wanted(made)
        shown, told = _Shown(self._picture, self._scale), monotonic()
        pause = _BETWEEN_PREVIEWS_S * max(1.0, shown.picture.size / _SHOWN_IN_PASSING)
        work = restore_in_tiles(
            self._restorer.network, self._picture, self._strength, side=side, made=made,
            look_at=lambda: self._controls.look_at, first_look=_FIRST_LOOK, wanted=wanted,
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
