"""The classify job: what a classifier that was trained here says of pictures."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from models.classifier_files import ClassifierFacts, load_classifier
from models.classifiers import Classifier
from models.weight_files import WeightsError
from studio.core.checksums import unreadable
from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.inference_format import FormatMemo, InferenceFormat, in_format
from studio.core.trained_models import TrainedModels
from studio.core.verdicts import ClassifyTask, Verdict
from studio.training.data.augment import centred
from studio.training.data.shrinking import load_shrunken
from studio.training.tasks.labelled_pictures import as_seen

__all__ = ["classify", "kind_of_classifier", "logits_in"]

_TRIED_AT = 64
"""Larger pictures are tried at this side, px."""


def classify(task: ClassifyTask, controls: Controls[Any]) -> Job[tuple[Verdict, ...]]:
    """Ask the classifier about one picture after the other; asked to finish, it returns what it has.

    Raises:
        StudioError: there is no such classifier, or none of the files is a picture.

    """
    yield Progress("Loading the classifier")
    network, facts = open_classifier(task.model)
    device = torch.device(choose_device().kind)
    network = network.to(device)
    chosen = _best_format(network, facts)
    in_format(network, chosen)
    verdicts: list[Verdict] = []
    for number, path in enumerate(task.pictures):
        yield Progress("Looking at the pictures", number, len(task.pictures))
        if controls.finishing:
            break
        seen = look(path, facts)
        if isinstance(seen, str):
            yield Log(f"“{path.name}” {seen}; it is left out.", "warning")
            continue
        chances = logits_in(chosen, network, seen[None].to(device)).softmax(dim=1)[0].tolist()
        ranked = sorted(zip(facts.classes, chances, strict=True), key=lambda one: -one[1])
        verdicts.append(Verdict(path, tuple(ranked)))
    if not verdicts and not controls.finishing:
        raise StudioError("None of these files is a picture that can be read.", "Choose other pictures.")
    return tuple(verdicts)


def open_classifier(model: str) -> tuple[Classifier, ClassifierFacts]:
    """Return the classifier called `model`: a name on the shelf, a file, or the folder of the run that trained it.

    Raises:
        StudioError: there is none.

    """
    file = TrainedModels.standard("classifier").find(model).path
    try:
        return load_classifier(file)
    except WeightsError as error:
        raise StudioError(str(error), "Choose a classifier that was trained with Atelier.") from error
    except OSError as error:
        raise unreadable(file, error) from error


def _best_format(network: Classifier, facts: ClassifierFacts) -> InferenceFormat:
    """Return the format that is best here for such classifiers; where it is not known yet, it is tried."""
    side = min(facts.size, _TRIED_AT)
    picture = torch.full((1, facts.channels, side, side), 0.5, device=network.head.weight.device)

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        copy = in_format(deepcopy(network), format)
        return lambda: logits_in(format, copy, picture)

    return FormatMemo.standard().choose(kind_of_classifier(facts), prepare)


def kind_of_classifier(facts: ClassifierFacts) -> str:
    """Return what such networks are called where their format is kept."""
    return f"{facts.architecture} at {min(facts.size, _TRIED_AT)} px"


@torch.no_grad()
def logits_in(format: InferenceFormat, network: Classifier, pictures: Tensor) -> Tensor:
    """N×C×H×W → N×classes, whatever the format in full precision."""
    with torch.autocast(pictures.device.type, dtype=torch.bfloat16, enabled=format.dtype != "float32"):
        logits: Tensor = network(pictures)
    return logits.float()


def look(path: Path, facts: ClassifierFacts) -> Tensor | str:
    """Return a picture as the classifier's training showed them, C×S×S; or why it cannot be read."""
    pixels = load_shrunken(path, facts.size, Lock())
    return pixels if isinstance(pixels, str) else as_seen(centred(pixels, facts.size), facts.channels)
