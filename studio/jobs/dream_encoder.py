"""Encoders: what guesses where in a generator's latent space a picture lies, before it is looked for.

One that comes along lies in the generator's own file. One that was learnt here lies in the cache, by the checksum of
that file, which so stays as recipes know it.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import save

from models.generator_files import load_encoder, with_encoder
from models.style_encoder import StyleEncoder, learning_encoder
from models.weight_files import WeightsError
from studio.core.atomic import write_file
from studio.core.controls import Controls
from studio.core.dreams import EncoderTask
from studio.core.events import Job, Metrics, Progress
from studio.core.user_folders import UserFolders
from studio.jobs.generators import OpenGenerator, opened_generator

__all__ = ["encoder_of", "learn_encoder"]


def learn_encoder(task: EncoderTask, controls: Controls[Any]) -> Job[Path | None]:
    """Teach a generator's encoder, and keep it; returns the file, or None where it was asked to finish before the end.

    Raises:
        StudioError: there is no such generator, or the file cannot be written.

    """
    yield Progress("Loading the generator")
    generator = opened_generator(task.model)
    learning = learning_encoder(generator.network, task.steps)
    step, stage = 0, "Learning to guess"
    while True:
        yield Progress(stage, step, task.steps)
        if controls.finishing:
            return None
        try:
            missed = next(learning)
        except StopIteration as end:
            encoder: StyleEncoder = end.value
            break
        step += 1
        yield Metrics(step, {"missed": missed})
    assert generator.file is not None, "one that was opened by name has a file"
    path = task.output or _kept_for(generator)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors, header = with_encoder(generator.file, encoder)
    write_file(path, save(tensors, header))
    return path


def encoder_of(generator: OpenGenerator) -> StyleEncoder | None:
    """Return the encoder of a generator, on its device: the one in its file, or one that was learnt here; or None."""
    if generator.file is None:
        return None
    for path in (generator.file, _kept_for(generator)):
        try:
            encoder = load_encoder(path, generator.network)
        except (WeightsError, OSError):  # it is only where looking begins
            continue
        if encoder is not None:
            return encoder.to(generator.device)
    return None


def _kept_for(generator: OpenGenerator) -> Path:
    return UserFolders.standard().cache / "encoders" / f"{generator.records[0].sha256}.safetensors"
