"""How good, how honest and how fast are generators? One row a way of learning, the same wall-clock for each.

    python benchmarks/gan.py [--minutes 60] [--rows ours few wgan dcgan] [--data DIR] [--out DIR] [--write]
    python benchmarks/gan.py --model FILE|RUN… [--write]
    python benchmarks/gan.py --few 300 [--minutes 30]

Learns from `../shared/data/images/kaokore64/faces` (64 px): of the faces in the order of their names every tenth, from
the first on, 500 in all, are held out. Each row learns for so many minutes alone on one thread, as a run of its own
(`--out`, gone on with where it is there); a course whose rate falls is drawn as long as these minutes, by five steps
that are measured first. It is judged by its averaged weights: KID of z-scored features by two networks that look
(SqueezeNet's two coarsest scales, VGG-19 at relu3_1), through which no critic sees, beside real faces against real
ones; recall and precision (Kynkäänniemi et al. 2019), copies (nearer to a face that was learnt than 99 % of those held
out), and twins, among 500 and among 64. `--model` judges what is there already.

`--few N` learns from N faces drawn by chance, with variation and without: what few pictures need.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from torch import Tensor

from models.backbones import Backbone, load_backbone
from models.gan import Generator
from models.kernel_distance import KernelDistance
from models.latent import latents_of, pictures_of
from models.likeness import pooled_features
from models.mirror import Mirror
from studio.core.images import load_picture
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.weights import resolve_backbone
from studio.jobs.generators import opened_generator

ROOT = Path(__file__).parents[1]
FACES = ROOT.parent / "shared/data/images/kaokore64/faces"
DOCUMENT = ROOT / "docs/dreaming.md"
BEGIN, END = "<!-- benchmarks/gan.py -->", "<!-- /benchmarks/gan.py -->"
HELD_OUT, EVERY, FEW_TWINS = 500, 10, 64
WEIGHTS = ROOT.parent / "shared/data/weights"
VGG = "VGG-19, relu3_1"
JUDGES = {
    "SqueezeNet": (WEIGHTS / "squeezenet1_1.pth", "squeezenet1_1"),
    VGG: (WEIGHTS / "vgg19_to_relu3_1/vgg_normalised_conv3_1.pth", "vgg19_normalised"),
}
"""By what the table calls them: file and architecture. Neither teaches a critic."""
ROWS = {
    "ours": ["--preset", "default", "--gamma", "1"],  # trials are for runs of days
    "few": ["--preset", "few-pictures"],
    "wgan": ["--preset", "wgan"],
    "dcgan": ["--preset", "dcgan"],
    "plain": ["--preset", "few-pictures", "--augment", "none"],
}
TITLES = {
    "ours": "ours", "few": "ours, few pictures", "wgan": "lesson 12, WGAN clamped", "dcgan": "DCGAN",
    "plain": "ours, few pictures, nothing varied",
}  # fmt: skip
FALLING = {"ours", "few", "plain"}
"""Rows whose rate falls over their course. The others' stays, and where they are stopped they are as good as any."""
_AT_ONCE = 32
_STOPS_S = 900
"""So long a row may take to end its step, s: one of the lesson's first has a hundred of the critic's."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was measured of one generator."""

    title: str
    steps: int
    kid: dict[str, float]
    precision: float
    recall: float
    copies: float
    twins: int
    few_twins: int


class Judges:
    """Looks at pictures through two networks; features of the real ones are kept.

    Args:
        learnt: faces that were learnt from, N×3×S×S, 0–1.
        unseen: those that were not.

    """

    def __init__(self, learnt: Tensor, unseen: Tensor) -> None:
        self._networks = {title: load_backbone(*at) for title, at in JUDGES.items()}
        slim = resolve_backbone(DEFAULT_BACKBONE)
        assert slim.path is not None
        self._slim = load_backbone(slim.path, slim.architecture)
        chance = torch.randperm(len(learnt), generator=torch.Generator().manual_seed(0))[: len(unseen)]
        self._living: dict[str, Tensor] = {}
        self.distances = {title: self._distance(title, unseen, learnt[chance]) for title in self._networks}
        self.mirror = Mirror(_looked(self._slim, learnt), _looked(self._slim, unseen))

    def _distance(self, title: str, unseen: Tensor, learnt: Tensor) -> KernelDistance:
        """Return the distance as one network sees it: by the features that vary, for z-scores divide by that."""
        one, other = (_looked(self._networks[title], pictures) for pictures in (unseen, learnt))
        deviation = torch.minimum(one.std(0), other.std(0))
        self._living[title] = living = deviation > 0.01 * deviation.mean()
        return KernelDistance(one[:, living], other[:, living])

    def of_real(self) -> Judged:
        """Return what real faces come to against real ones: nothing is better."""
        found = self.mirror.of_real()
        kid = {title: distance.of_real for title, distance in self.distances.items()}
        return Judged("real faces", 0, kid, found.precision, found.recall, float("nan"), found.twins, 0)

    def of(self, title: str, steps: int, made: Tensor) -> Judged:
        """Judge pictures, N×3×S×S, 0–1."""
        kid = {
            name: self.distances[name].to(_looked(network, made)[:, self._living[name]])
            for name, network in self._networks.items()
        }
        features = _looked(self._slim, made)
        found, few = self.mirror.of(features), self.mirror.of(features[:FEW_TWINS])
        return Judged(title, steps, kid, found.precision, found.recall, found.copies, found.twins, few.twins)


@torch.no_grad()
def _looked(network: Backbone, pictures: Tensor) -> Tensor:
    if network.architecture.startswith("vgg"):
        return torch.cat([_statistics(network, part) for part in pictures.split(_AT_ONCE)])
    return torch.cat([pooled_features(network, part) for part in pictures.split(_AT_ONCE)])


def _statistics(network: Backbone, pictures: Tensor) -> Tensor:
    """Return mean and deviation of each channel of relu3_1: N×512."""
    seen = network(pictures, ("relu3_1",))["relu3_1"].flatten(2)
    return torch.cat([seen.mean(2), seen.std(2, correction=0)], dim=1)


# -- the faces -------------------------------------------------------------------------------------------------------


def divided(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the faces to learn from and those that are held out: every tenth from the first on, 500 in all."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    last = HELD_OUT * EVERY
    held = files[:last:EVERY]
    return [path for path in files if path not in set(held)], held


def linked(folder: Path, taught: Sequence[Path], held: Sequence[Path]) -> Path:
    """Return a folder of links that `train` understands: train/ and valid/."""
    for name, files in (("train", taught), ("valid", held)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            place = folder / name / file.name
            if not place.is_symlink():
                place.symlink_to(file.resolve())
    return folder


def squares(files: Sequence[Path]) -> Tensor:
    """Return faces, N×3×S×S, 0–1."""
    pixels = np.stack([load_picture(file).pixels[:, :, :3] for file in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


# -- learning --------------------------------------------------------------------------------------------------------


def learn(row: str, data: Path, run: Path, minutes: float, flags: Sequence[str]) -> float:
    """Learn until so many minutes have passed since the run began, over all sittings; returns those of this one.

    A run that is there goes on. It is stopped as by Ctrl+C, which keeps what it has reached.
    """
    spent = run / "benchmark-minutes.txt"
    before = float(spent.read_text()) if spent.exists() else 0.0
    if before >= minutes:
        return 0.0
    train = [sys.executable, "-m", "studio.cli", "train"]
    if (run / "run.json").exists():
        command = [*train, "--resume", str(run), "--accept-changes"]
    else:
        # nothing is measured or shown on the way: that would cost each row another share of its time
        course = [*train, "gan", "--data", str(data), *ROWS[row], "--held-back", str(HELD_OUT), "--workers", "0",
                  "--validate-every", "100000", "--sample-every", "100000", *flags]  # fmt: skip
        if row in FALLING:
            course += ["--steps", str(steps_within(minutes, course))]
        command = [*course, "-o", str(run), "--checkpoint-minutes", "10"]
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        process.wait((minutes - before) * 60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait(_STOPS_S)
    passed = (time.monotonic() - began) / 60
    spent.write_text(str(before + passed))
    return passed


def steps_within(minutes: float, course: Sequence[str]) -> int:
    """Return how many steps of a course take so long, by what `--estimate` measures."""
    command = [*course, "--estimate"]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    found = re.search(r"\(([\d.]+) s each\)", told.stdout)
    assert found is not None, told.stdout
    return max(100, round(60 * minutes / float(found[1])))


def judged(judges: Judges, title: str, model: str) -> Judged:
    """Judge 500 pictures, of the seeds from 0 on, of a file, a name or a run, which may be learning still."""
    opened = opened_generator(model)
    return judges.of(title, opened.facts.steps, made_by(opened.network))


@torch.no_grad()
def made_by(network: Generator) -> Tensor:
    """Return its pictures of the seeds 0 to 499, N×3×S×S, 0–1."""
    device = next(network.parameters()).device
    parts = [latents_of(range(first, min(first + _AT_ONCE, HELD_OUT)), network.latent)
             for first in range(0, HELD_OUT, _AT_ONCE)]  # fmt: skip
    return torch.cat([pictures_of(network, network.map(part.to(device))).cpu() for part in parts])


# -- telling -----------------------------------------------------------------------------------------------------------


def table(rows: Sequence[Judged]) -> Iterator[str]:
    """Yield the lines of a markdown table."""
    judges = " | ".join(f"KID, {judge}" for judge in JUDGES)
    yield f"| | steps | {judges} | precision | recall | copies | twins (of 64) |"
    yield "|---|" + "---:|" * (len(JUDGES) + 5)
    for row in rows:
        kid = " | ".join(f"{row.kid[judge]:.3f}" for judge in JUDGES)
        copies = "–" if np.isnan(row.copies) else f"{row.copies:.1%}"
        steps = f"{row.steps:,}" if row.steps else "–"
        twins = f"{row.twins} ({row.few_twins})"
        yield f"| {row.title} | {steps} | {kid} | {row.precision:.2f} | {row.recall:.2f} | {copies} | {twins} |"


def write(lines: Sequence[str]) -> None:
    """Put the table into the document, between its marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{behind}", encoding="utf-8")


def main() -> None:
    """Learn, judge, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of each row, over all sittings")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=["ours", "wgan", "dcgan"])
    parser.add_argument("--few", type=int, default=0, metavar="N", help="learn from so many, varied and not")
    parser.add_argument("--model", nargs="+", default=[], help="judge these instead: files or runs")
    parser.add_argument("--data", type=Path, default=FACES)
    parser.add_argument("--out", type=Path, default=ROOT / "out/gan", help="where the runs lie")
    parser.add_argument("--write", action="store_true", help="put the table into docs/dreaming.md")
    parser.add_argument("--flags", nargs=argparse.REMAINDER, default=[], help="of `atelier train gan`, for every row")
    asked = parser.parse_args()
    taught, held = divided(asked.data)
    if asked.few:
        chance = torch.randperm(len(taught), generator=torch.Generator().manual_seed(0))[: asked.few]
        taught, asked.rows = [taught[number] for number in chance.tolist()], ["few", "plain"]
    judges = Judges(squares(taught), squares(held))
    found = [judges.of_real(), *(judged(judges, Path(model).stem, model) for model in asked.model)]
    if not asked.model:
        data = linked(asked.out / f"faces-{len(taught)}", taught, held)
        for row in asked.rows:
            run = asked.out / (f"{row}-{asked.few}" if asked.few else row)
            learn(row, data, run, asked.minutes, asked.flags)
            found.append(judged(judges, TITLES[row], str(run)))
    lines = list(table(found))
    noise = ", ".join(f"{judge} ± {distance.spread:.3f}" for judge, distance in judges.distances.items())
    words = f"{len(taught):,} faces learnt from, {len(held)} held out; noise of the distances: {noise}."
    lines += ["", words if asked.model else f"{asked.minutes:g} minutes a row on one thread; {words}"]
    print("\n".join(lines))
    if asked.write:
        write(lines)


if __name__ == "__main__":
    main()
