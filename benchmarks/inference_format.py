"""What do memory and number formats bring here? Every format against the plain one, in one run.

    python benchmarks/inference_format.py [--size 512] [--batch 1] [--threads 1]

A fast style paints a square photo in strips, as the studio does, and a classifier looks at pictures: images a second,
as a ratio of the plain format's, and how far the result is from the plain one, relative to it. The studio itself
chooses by a shorter trial, see studio/core/inference_format.py.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from gpu_checks.speed import looking
from rich.console import Console
from rich.table import Table

from studio.core.device import processor_name


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the photo, px")
    parser.add_argument("--batch", type=int, default=1, help="pictures that the classifier sees at once")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = Table("network and format", "speed", "against the plain format")
    for row in looking("cpu", options.batch, options.size):
        table.add_row(*row)
    console = Console(width=110)
    console.print(f"{processor_name()}, torch {torch.__version__}, {options.threads} threads", table)


if __name__ == "__main__":
    main()
