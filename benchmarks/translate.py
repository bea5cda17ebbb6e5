"""Measures how fast a pair of worlds learns, and which method gets further in the same time.

    python benchmarks/translate.py [--size 256] [--width 32]         a step and its parts; separable against plain
    python benchmarks/translate.py --minutes 60 --out DIR [--methods ours cyclegan …] [--size 64]
    python benchmarks/translate.py --minutes 20 --out DIR --few 50 [--seeds 3]

With `--minutes` every method learns aerial photo ↔ map (the paper's own worlds) for so many minutes of this thread's
processor time, unpaired but for pix2pix, and is measured on pairs that none has seen: by how many levels of 255 maps
are off the true ones, and the kernel distance (KID by SqueezeNet, channels z-scored by the real pictures) of both
worlds, beside that of real pictures among themselves, of the pictures as they are, and of noise. A run lies in
`--out`: it goes on where it was interrupted, and one that is there already is only measured. `--few` learns from so
many of each world instead, with and without DiffAugment.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median, stdev
from time import thread_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from models.backbones import load_backbone
from models.cyclegan import PatchCritic, ResnetGenerator, SeparableGenerator, Translator, distance, generator_loss
from models.cyclegan import critic_loss as judged
from models.few_maps import FewMapsConv2d
from models.instance_norm import InstanceNorm2d
from models.translation import load_translator
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.user_folders import UserFolders
from studio.jobs.train import train
from studio.training.data.augment import centred
from studio.training.data.loader import ExampleLoader
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.settings import TrainingSettings
from studio.training.task import TaskContext
from studio.training.tasks.translate import open_task
from studio.training.tasks.translate_measures import Likeness
from studio.training.tasks.translate_settings import TranslatorSettings, default_schedule
from studio.training.train_state import TrainState

MAPS = Path(__file__).parents[2] / "shared" / "data" / "images" / "maps256"
JUDGE = MAPS.parents[1] / "weights" / "squeezenet1_1.pth"
"""Sees neither what critics see nor what they learn."""
WORLDS = {"a": "aerial", "b": "map"}
KEPT, CROPS, TURNS = 50, 500, 3
METHODS: Mapping[str, Mapping[str, Any]] = {
    "ours": {},
    "cyclegan": {"course": "cyclegan", "width": 32, "critic_width": 32},
    "cyclegan-64": {"course": "cyclegan"},
    "fastcut": {"course": "fastcut", "width": 32, "critic_width": 32},
    "pix2pix": {"course": "pix2pix", "width": 32, "critic_width": 32},
}  # fmt: skip
"""By name; the papers' with as many channels as ours, which learn more in a short time than their 64."""


# -- how fast ----------------------------------------------------------------------------------------------------------


def seconds_of(*works: Callable[[], object]) -> list[float]:
    """Return the median processor time of each, measured in turns, once each has been warmed up."""
    took: list[list[float]] = [[] for _ in works]
    for turn in range(TURNS + 1):
        for work, times in zip(works, took, strict=True):
            began = thread_time()
            work()
            times += [thread_time() - began] if turn else []
    return [median(times) for times in took]


class Textbook:
    """A step of CycleGAN as its parts alone: passes, gradients, optimisers; identity in one batch with the picture."""

    def __init__(self, generators: Mapping[str, Translator], size: int, width: int) -> None:
        self._generators = generators
        self._critics = {world: PatchCritic(width) for world in "ab"}
        weights = [weight for generator in generators.values() for weight in generator.parameters()]
        self._learner = torch.optim.Adam(weights, 2e-4, (0.5, 0.999))
        self._judges = {
            world: torch.optim.Adam(critic.parameters(), 2e-4, (0.5, 0.999)) for world, critic in self._critics.items()
        }
        self._real = {world: torch.rand(1, 3, size, size) for world in "ab"}

    def step(self) -> None:
        """Take one."""
        painted: dict[str, Tensor] = {}
        self._learner.zero_grad()
        for one, other in ("ab", "ba"):
            for critic in self._critics.values():
                critic.requires_grad_(False)
            real = self._real
            made, own = self._generators[one + other](torch.cat([real[one], real[other]])).chunk(2)
            loss = generator_loss(self._critics[other](made)) + 5 * distance(own, real[other])
            loss = loss + 10 * distance(self._generators[other + one](made), real[one])
            loss.backward()
            painted[other] = made.detach()
        self._learner.step()
        for world, critic in self._critics.items():
            critic.requires_grad_(True)
            self._judges[world].zero_grad()
            judged(critic(self._real[world]), critic(painted[world])).backward()
            self._judges[world].step()


def as_torch_has_it(network: Translator) -> Translator:
    """Let a network compute its norms and its three last maps by torch's own layers, as the paper's code does."""
    for layer in network.modules():
        for name, part in list(layer.named_children()):
            if isinstance(part, FewMapsConv2d):
                setattr(layer, name, torch.nn.Conv2d(part.in_channels, part.out_channels, part.kernel_size))
            if isinstance(part, InstanceNorm2d):
                setattr(layer, name, torch.nn.InstanceNorm2d(part.num_features))
    return network


def show_speed(size: int, width: int, folder: Path) -> None:
    """Print what a step takes, against its parts; and separable generators against plain ones."""
    blocks = 9 if size >= 200 else 6
    small = Textbook({way: SeparableGenerator(width, 9) for way in ("ab", "ba")}, size, width)
    plain = Textbook({way: as_torch_has_it(ResnetGenerator(width, blocks)) for way in ("ab", "ba")}, size, width)
    settings = {
        "size": size, "width": width, "critic": "places", "critic_width": width, "adversarial": "lsgan",
        "augment": "none", "kid_crops": 0,
    }  # fmt: skip
    with Processes("cpu", precision="fp32") as processes:
        whole = Stepper({**settings, "held_back": 0, "workers": 0}, data_in(folder, 20), folder, processes)
        ours, parts, papers = seconds_of(whole.step, small.step, plain.step)
    print(f"{size} px, {width} channels, processor time of a step: {ours:.3f} s; its parts {parts:.3f} s; of "
          f"the paper's ResNet {papers:.3f} s")  # fmt: skip
    print(
        f"a step takes {ours / parts:.2f} × its parts (limit 1.10); separable {parts / papers:.2f} × plain (limit .5)"
    )


class Stepper:
    """Takes steps of a run that is not there."""

    def __init__(self, settings: Mapping[str, Any], data: Mapping[str, Path], folder: Path, at: Processes) -> None:
        own = TranslatorSettings.model_validate(settings)
        plan = RunPlan(
            task="cyclegan", settings=dict(settings), schedule=default_schedule(own),
            data={world: (str(path),) for world, path in data.items()},
        )  # fmt: skip
        task = finish(open_task(plan, TaskContext(at.device, folder / "cache", seed=0)))
        self._timeline = task.timeline(plan.schedule, batch=own.batch, size=own.size)
        self._state = TrainState(task, own, at, self._timeline.total_steps)
        self._loader = ExampleLoader(task.examples, own.seed)

    def step(self) -> None:
        """Take the next."""
        config = self._timeline.at(self._state.standing.step)
        for _ in self._state.take(self._loader, config, rate=config.learning_rate, micro_batches=1):
            pass


# -- which gets further ------------------------------------------------------------------------------------------------


def data_in(folder: Path, few: int = 0) -> dict[str, Path]:
    """Return both worlds as folders that hold train and val, the same pairs in either; `few` limits what is learnt."""
    names = sorted(path.name for path in (MAPS / WORLDS["a"]).iterdir())
    order = [names[number] for number in np.random.default_rng(0).permutation(len(names))]
    parts = {"val": order[:KEPT], "train": order[KEPT:][: few or None]}
    top = folder / (f"data-{few}" if few else "data")
    for world in WORLDS.values():
        for part, chosen in parts.items():
            (top / world / part).mkdir(parents=True, exist_ok=True)
            for name in chosen:
                link = top / world / part / name
                if not link.exists():
                    link.symlink_to(MAPS / world / name)
    return {side: top / world for side, world in WORLDS.items()}


def learnt(name: str, settings: Mapping[str, Any], data: Mapping[str, Path], minutes: float, out: Path) -> Path:
    """Let a method learn for so many minutes of processor time, unless it has; returns its network."""
    run = RunFolder(out / name)
    if not run.plan_file.exists():
        with Processes("cpu", precision="fp32") as processes:
            stepper = Stepper({**settings, "kid_crops": 0, "held_back": 0}, data, out, processes)
            (step,) = seconds_of(stepper.step)
        steps = max(2, round(60 * minutes / step))
        print(f"{name}: {step:.2f} s a step, {steps:,} steps")
        own = TranslatorSettings.model_validate({**settings, "steps": steps})
        plan = RunPlan(
            task="cyclegan", title=name, settings={**settings, "steps": steps}, schedule=default_schedule(own),
            data={world: (str(path),) for world, path in data.items()},
        )  # fmt: skip
        run = RunFolder.create(run.path, plan)
    if not run.model_file.exists():
        finish(train(TrainRequest(run.path), Controls(TrainingSettings())))
    return run.model_file


@dataclass(frozen=True)
class Judge:
    """Pairs that nobody has seen, and what tells how far pictures are from either world."""

    kept: Mapping[str, list[Tensor]]
    likeness: Likeness

    @classmethod
    def of(cls, data: Mapping[str, Path], size: int) -> "Judge":
        """Look at the real pictures of both worlds."""

        def squares(part: str) -> dict[str, list[Tensor]]:
            return {
                world: [centred(load_picture(file).pixels, size)[None] for file in sorted((path / part).iterdir())]
                for world, path in data.items()
            }

        likeness = Likeness(load_backbone(JUDGE, "squeezenet1_1"), CROPS, size)
        kept = squares("val")
        finish(likeness.learning(kept, squares("train"), "ab"))
        return cls(kept, likeness)

    def row(self, name: str, ways: Mapping[str, Callable[[Tensor], Tensor]]) -> tuple[str, ...]:
        """Return a line of the table, for what makes pictures of one world or of both."""
        cells = dict.fromkeys(("l1", "a", "b"), "–")
        for way, translate in ways.items():
            with torch.no_grad():
                made = [translate(picture) for picture in self.kept[way[0]]]
            cells[way[1]] = f"{finish(self.likeness.of(made, way[1])):.3f}"
            if way == "ab":
                off = [float((x - y).abs().mean()) for x, y in zip(made, self.kept["b"], strict=True)]
                cells["l1"] = f"{255 * mean(off):.1f}"
        return name, cells["l1"], cells["b"], cells["a"]

    @property
    def real(self) -> tuple[str, ...]:
        """The line of real pictures among themselves."""
        worlds, spreads = self.likeness.worlds, self.likeness.spreads
        return "real", "0", *(f"{worlds[world].of_real:.3f} ± {spreads[world]:.3f}" for world in "ba")


def ways_of(file: Path) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return what a network's file translates."""
    found: dict[str, Callable[[Tensor], Tensor]] = {"ab": load_translator(file, "ab")[0]}
    if "ba" in load_translator(file, "ab")[1].ways:
        found["ba"] = load_translator(file, "ba")[0]
    return found


def noise(chance: torch.Generator, picture: Tensor) -> Tensor:
    """Return noise of the picture's size."""
    return torch.rand(picture.shape, generator=chance)


def compare(methods: Sequence[str], minutes: float, size: int, out: Path) -> None:
    """Print the table of the methods."""
    data = data_in(out)
    judge = Judge.of(data, size)
    table = Table("after " + f"{minutes:g} min", "off the true map", "KID to map", "KID to aerial")
    table.add_row(*judge.real)
    table.add_row(*judge.row("as they are", {"ab": lambda picture: picture, "ba": lambda picture: picture}))
    table.add_row(*judge.row("noise", dict.fromkeys(("ab", "ba"), partial(noise, torch.Generator().manual_seed(0)))))
    for name in methods:
        file = learnt(name, {**quiet(size), **METHODS[name]}, data, minutes, out)
        table.add_row(*judge.row(name, ways_of(file)))
    Console().print(table)


def compare_few(few: int, seeds: int, minutes: float, size: int, out: Path) -> None:
    """Print held-out KID from a small folder, with DiffAugment and without."""
    data = data_in(out, few)
    judge = Judge.of(data, size)
    table = Table(f"{few} + {few} pictures", "KID to map", "KID to aerial")
    for augment in ("geometry", "none"):
        found: dict[str, list[float]] = {"b": [], "a": []}
        for seed in range(seeds):
            settings = {**quiet(size), "augment": augment, "seed": seed}
            file = learnt(f"few-{few}-{augment}-{seed}", settings, data, minutes, out)
            *_, b, a = judge.row("", ways_of(file))
            found["b"].append(float(b))
            found["a"].append(float(a))
        spread = [f"{mean(values):.3f} ± {stdev(values) if seeds > 1 else 0:.3f}" for values in found.values()]
        table.add_row("DiffAugment" if augment == "geometry" else "none", *spread)
    Console().print(table)


def quiet(size: int) -> dict[str, Any]:
    """Return settings of a run that looks at itself at its end, and prepares its pictures itself."""
    return {"size": size, "workers": 0, "precision": "fp32", "held_back": 8, "kid_crops": 0,
            "validate_every": 100_000, "sample_every": 100_000}  # fmt: skip


def main() -> None:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0, help="processor time of each method; 0: only the speed")
    parser.add_argument(
        "--methods", nargs="+", choices=list(METHODS), default=["ours", "cyclegan", "fastcut", "pix2pix"]
    )
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument(
        "--few", type=int, default=0, help="so many pictures of each world, with DiffAugment and without"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=UserFolders.standard().cache / "benchmarks" / "translate")
    asked = parser.parse_args()
    if not MAPS.is_dir():
        print(f"There is nothing to learn from: {MAPS.name} is not in shared/data.")
        return
    torch.set_num_threads(1)
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    if asked.few:
        compare_few(asked.few, asked.seeds, asked.minutes, asked.size, out)
    elif asked.minutes:
        compare(asked.methods, asked.minutes, asked.size, out)
    else:
        show_speed(asked.size, asked.width, out)


if __name__ == "__main__":
    main()
