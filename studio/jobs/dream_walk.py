"""Walks through what a generator knows: frame after frame from station to station, to be played or written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from models.latent import eased, slerp, spline
from models.pixels import to_picture
from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.dream_settings import Bending, Bends, Station, packed
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import save_picture
from studio.core.video import SUFFIXES, VideoWriter
from studio.jobs.dream_picture import generator_for, latent_at, listener_for, styles_of
from studio.jobs.dream_ways import WalkExportTask, WalkFrame, WalkTask
from studio.jobs.generators import OpenGenerator

__all__ = ["export_walk", "walk_through"]


def walk_through(task: WalkTask, controls: Controls[Any]) -> Job[tuple[WalkFrame, ...]]:
    """Return the frames of a walk, as points to be made pictures of.

    Raises:
        StudioError: it goes nowhere, or a station is of another generator.

    """
    yield Progress("Planning the walk")
    generator = generator_for(task.settings)
    frames: list[WalkFrame] = []
    for w, bends in _moments(generator, task):
        frames.append(WalkFrame(packed(w[0].cpu().numpy()), bends))
        if len(frames) % 50 == 0:
            yield Progress("Planning the walk")
    return tuple(frames)


def export_walk(task: WalkExportTask, controls: Controls[Any]) -> Job[Path]:
    """Write a walk as a video or as frames; asked to finish, it ends there.

    Raises:
        StudioError: as `walk_through`, or it cannot be written.

    """
    yield Progress("Planning the walk")
    generator = generator_for(task.settings)
    moments: list[tuple[Tensor, Bends]] = []
    for moment in _moments(generator, WalkTask(task.settings, task.rate)):
        moments.append(moment)
        if len(moments) % 50 == 0:
            yield Progress("Planning the walk")
    video = VideoWriter(task.path, task.rate) if task.path.suffix.lower() in SUFFIXES else None
    try:
        for number, (w, bends) in enumerate(moments):
            yield Progress("Writing the walk", number, len(moments))
            if controls.finishing:
                break
            settings = task.settings.model_copy(update={"bends": bends})
            made = to_picture(generator.pictures(w, listener_for(settings)))
            frame = _enlarged(made, task.side)
            if video is not None:
                video.add(frame)
            else:
                _save(task.path / f"{number:05}.png", frame)
        if video is not None:
            video.close()
    finally:
        if video is not None:
            video.discard()
    return task.path


def _moments(generator: OpenGenerator, task: WalkTask) -> Iterator[tuple[Tensor, Bends]]:
    """Yield w, 1×styles×style in half precision, and the bends of each frame in order."""
    walk = task.settings.walk
    if not walk.goes_somewhere:
        raise StudioError("This walk goes nowhere yet.", "Add two stations at least: go somewhere, and press Add.")
    stations = walk.stations
    points = torch.cat([styles_of(generator, task.settings.standing_at(station)) for station in stations])
    bases = [_latent(generator, station) for station in stations]
    count = len(stations)
    for number in range(count if walk.loop else count - 1):
        after = (number + 1) % count
        frames = max(1, round(stations[number].seconds * task.rate))
        for frame in range(frames):
            share = eased(frame / frames) if walk.soft else frame / frames
            z, z_after = bases[number], bases[after]
            if walk.curve == "spline":
                w = spline(points, walk.loop, number, share)[None]
            elif walk.curve == "arcs" and z is not None and z_after is not None:
                w = _along_arc(generator, points[[number, after]], torch.cat([z, z_after]), share)
            else:
                w = torch.lerp(points[number : number + 1], points[after : after + 1], share)
            yield w.half().float(), _bends_between(stations[number].bends, stations[after].bends, share)
    if not walk.loop:
        yield points[-1:].half().float(), stations[-1].bends


def _latent(generator: OpenGenerator, station: Station) -> Tensor | None:
    """Return z of a station, 1×latent; None where a point is held, which has none."""
    if station.held.w:
        return None
    return latent_at(generator.network.latent, station.across, station.down).to(generator.device)


@torch.no_grad()
def _along_arc(generator: OpenGenerator, points: Tensor, z: Tensor, share: float) -> Tensor:
    """Return w between two points whose z are known: what is set on top of z comes and goes evenly."""
    network = generator.network
    on_top = points - network.by_stage(network.map(z))
    base = network.by_stage(network.map(slerp(z[:1], z[1:], share)))
    return base + torch.lerp(on_top[:1], on_top[1:], share)


def _bends_between(one: Bends, other: Bends, share: float) -> Bends:
    """Return what is done to each stage on the way: every number goes evenly from one to the other."""
    stages = {bend.stage for bend in (*one.stages, *other.stages)}
    between: list[Bending] = []
    for stage in sorted(stages):
        a, b = one.at(stage), other.at(stage)
        numbers = {
            name: getattr(a, name) + share * (getattr(b, name) - getattr(a, name))
            for name in ("zoom", "turn", "right", "down", "gain", "noise")
        }
        between.append(Bending(stage=stage, seed=a.seed if a.noise else b.seed, **numbers))
    return Bends(stages=tuple(between))


def _enlarged(picture: Picture, side: int) -> Picture:
    """Return a picture enlarged by a whole number until its side is `side` at least."""
    times = -(-side // picture.shape[0])
    if times <= 1:
        return picture
    size = (picture.shape[1] * times, picture.shape[0] * times)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _save(path: Path, frame: Picture) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    save_picture(path, frame, recipe=None)
