"""What do memory and number formats bring here? Every format against the plain one, in one run.

    python benchmarks/inference_format.py [--size 512] [--rounds 5] [--threads 1]

Fast styles paint a square photo in strips, as the studio does; classifiers look at one picture. Told is each format's
processor time as a share of version 0.1's (of the plain format's, for classifiers), the shortest of several turns, and
how far its result is from the plain one: mean and greatest difference of a picture in levels of 255, or the greatest
difference of a probability. The studio chooses by a shorter trial: see studio/core/inference_format.py.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from time import process_time

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from models.classifiers import FAMILIES, Classifier, build_classifier
from models.fast_style import FastStyleNetwork
from models.fast_style_strips import paint_in_strips
from studio.core.device import processor_name
from studio.core.events import finish
from studio.core.inference_format import FORMATS, PLAIN, in_format
from studio.jobs.classify import logits_in

THEN = "version 0.1"
Passes = Mapping[str, Callable[[], Tensor]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the photo, px")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = Table("network", "format", "time", "share", "difference: mean", "greatest")
    for width in (0.5, 1.0):
        add_rows(table, f"fast style {width:g}, {options.size} px", painting(width, options.size), 255, options.rounds)
    for family in FAMILIES:
        add_rows(table, f"{family}, full, 160 px", classifying(family), 1, options.rounds)
    console = Console(width=110)
    console.print(f"{processor_name()}, torch {torch.__version__}, {options.threads} threads")
    console.print(table)


def painting(width: float, size: int) -> Passes:
    """Return a fast style's ways of painting a photo."""
    chance = torch.Generator().manual_seed(0)
    network, photo = FastStyleNetwork(width), torch.rand(1, 3, size, size, generator=chance)
    network.initialise(chance)
    network.decoder[-1].conv.weight.data.mul_(10)  # an untrained one paints nearly grey
    copies = {str(format): in_format(deepcopy(network), format) for format in FORMATS}
    passes = {name: lambda copy=copy: finish(paint_in_strips(copy, photo, 1.0)) for name, copy in copies.items()}
    return {THEN: lambda: finish(paint_in_strips(network, photo, 1.0, welford=True)), **passes}


def classifying(family: str) -> Passes:
    """Return a classifier's ways of looking at a picture."""
    chance = torch.Generator().manual_seed(0)
    network: Classifier = build_classifier(family, "full", channels=3, classes=10, generator=chance)
    network.head.weight.data.normal_(0, 0.1, generator=chance)
    picture = torch.rand(1, 3, 160, 160, generator=chance)
    copies = {format: in_format(deepcopy(network).eval(), format) for format in FORMATS}
    return {
        str(format): lambda copy=copy, format=format: logits_in(format, copy, picture).softmax(dim=1)
        for format, copy in copies.items()
    }


def add_rows(table: Table, network: str, passes: Passes, unit: float, rounds: int) -> None:
    """Time the passes in turns; the first stands for 1, the plain format for what is right."""
    made = {name: one_pass() for name, one_pass in passes.items()}
    seconds = dict.fromkeys(passes, float("inf"))
    for _ in range(rounds):
        for name, one_pass in passes.items():
            began = process_time()
            one_pass()
            seconds[name] = min(seconds[name], process_time() - began)
    first = seconds[next(iter(passes))]
    for name, taken in seconds.items():
        away = unit * (made[name] - made[str(PLAIN)]).abs()
        table.add_row(
            network, name, f"{1000 * taken:.0f} ms", f"{taken / first:.2f}", f"{away.mean():.3f}", f"{away.max():.3f}"
        )


if __name__ == "__main__":
    main()
