"""Encoders: what guesses where in a generator's latent space a picture lies, before it is looked for.

One that comes along lies in the generator's own file. One that was learnt here lies in the cache, by the checksum of
that file, which so stays as recipes know it.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import save

from models.gan import Generator
from models.generator_files import load_encoder, load_generator, with_encoder
from models.style_encoder import StyleEncoder, learning_encoder
from models.weight_files import WeightsError
from studio.core.atomic import write_file
from studio.core.checksums import sha256_of, unreadable
from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.dreams import EncoderTask
from studio.core.events import Job, Metrics, Progress
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.user_folders import UserFolders

__all__ = ["encoder_of", "learn_encoder"]


def learn_encoder(task: EncoderTask, controls: Controls[Any]) -> Job[Path | None]:
    """Teach a generator's encoder, and keep it; returns the file, or None where it was asked to finish before the end.

    Raises:
        StudioError: there is no such generator, or the file cannot be written.

    """
    yield Progress("Loading the generator")
    model = TrainedModels.standard("generator").find(task.model)
    try:
        generator, _ = load_generator(model.path)
    except WeightsError as error:
        raise StudioError(str(error), "Choose a generator that was trained with Atelier.") from error
    except OSError as error:
        raise unreadable(model.path, error) from error
    learning = learning_encoder(generator.to(choose_device().kind), task.steps)
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
    path = task.output or _kept_for(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors, header = with_encoder(model.path, encoder)
    write_file(path, save(tensors, header))
    return path


def encoder_of(generator: Generator, model: TrainedModel) -> StyleEncoder | None:
    """Return the encoder of a generator, on its device: the one in its file, or one that was learnt here; or None."""
    device = next(generator.parameters()).device
    for path in (model.path, _kept_for(model)):
        try:
            encoder = load_encoder(path, generator)
        except (WeightsError, OSError):  # it is only where looking begins
            continue
        if encoder is not None:
            return encoder.to(device)
    return None


def _kept_for(model: TrainedModel) -> Path:
    return UserFolders.standard().cache / "encoders" / f"{sha256_of(model.path)}.safetensors"
