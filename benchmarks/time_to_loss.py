"""How much sooner than a textbook loop does a painting reach its loss? The same network, the same loss, turn by turn.

    python benchmarks/time_to_loss.py [--pairs 4] [--sides 256 512] [--pictures FOLDER] [--save FOLDER] [--json]

The textbook's loop is `torch.optim.LBFGS` (100 pairs) on the photo at full size, its pixels clamped before each
evaluation, as tutorials write it. Ours is the style job with its default settings. Both get the processor by turns, and
what counts is the processor's time of this thread, in ratios. What a painting is worth is judged in float32 by the
textbook's own loss.
"""

import argparse
import json
import sys
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import thread_time

sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from models.painting_init import size_of
from models.style_transfer import StyleObjective
from studio.core.controls import Controls
from studio.core.events import Metrics, Progress
from studio.core.images import load_picture
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult
from studio.core.style_settings import StyleSettings
from studio.core.weights import resolve_backbone
from studio.jobs.style.inputs import StyleInputs, loss_weights
from studio.jobs.style.stylize import open_backbone, stylize

PICTURES = Path(__file__).parents[2] / "shared" / "data" / "images" / "free"
MOST_EVALUATIONS = 500
"""A textbook loop that has not reached the loss by then is counted with what it has taken."""
REQUIRED = 2.0


@dataclass(frozen=True)
class Race:
    """One photo in the manner of one painting: the loss reached, and what it took each of the two.

    Our evaluations at smaller sizes count by their share of the pixels.
    """

    photo: str
    painting: str
    side: int
    loss: float
    seconds: float
    evaluations: float
    textbook_seconds: float
    textbook_evaluations: int
    reached: bool

    @property
    def ratio(self) -> float:
        """The textbook's time to the same loss ÷ ours."""
        return self.textbook_seconds / self.seconds

    @property
    def ratio_of_evaluations(self) -> float:
        """The textbook's evaluations ÷ ours: what does not depend on how fast the processor makes them."""
        return self.textbook_evaluations / self.evaluations


def main() -> None:
    """Race every pair at every size; print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=4, help="how many pairs of a photo and a painting")
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512], help="longer sides, px")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="a folder with photos/ and paintings/")
    parser.add_argument("--save", type=Path, help="where our paintings and the textbook's are put")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the time of this thread is then all the time there is
    races = []
    for side in arguments.sides:
        for photo, painting in pairs(arguments.pictures, arguments.pairs):
            races.append(race(photo, painting, side, arguments.save))
            if not arguments.json:
                print(f"{races[-1].photo} × {races[-1].painting}, {side} px: {races[-1].ratio:.2f} ×", flush=True)
    if arguments.json:
        print(
            json.dumps(
                [
                    asdict(each) | {"ratio": each.ratio, "ratio_of_evaluations": each.ratio_of_evaluations}
                    for each in races
                ]
            )
        )
    else:
        show(races)


def pairs(folder: Path, count: int) -> Iterator[tuple[Path, Path]]:
    """Draw pairs far apart in two long lists."""
    photos, paintings = (sorted((folder / kind).glob("*.jpg")) for kind in ("photos", "paintings"))
    for number in range(count):
        yield photos[(17 * number + 5) % len(photos)], paintings[(23 * number + 3) % len(paintings)]


def race(photo: Path, painting: Path, side: int, save: Path | None) -> Race:
    """Let both paint by turns: ours to its end, the textbook's until it has reached our loss."""
    request = PictureRequest({CONTENT: (load_picture(photo),), "style": (load_picture(painting),)})
    settings = StyleSettings(size=side)
    warm_up(request)
    objective, start = textbook_problem(request, settings)
    mine, theirs = ours(request, settings), textbook(objective, start, settings)
    clocks, evaluations, textbook_evaluations = [0.0, 0.0], 0.0, 0
    losses: list[tuple[float, float, int]] = []
    result: PictureResult | None = None
    best: Tensor = start
    while result is None:  # turn and turn about, the one that is behind on its clock
        if clocks[0] <= clocks[1]:
            began = thread_time()
            try:
                evaluations = next(mine)
            except StopIteration as end:
                result = end.value
            clocks[0] += thread_time() - began
        else:
            textbook_evaluations += 1
            best = _textbook_turn(theirs, clocks, losses, textbook_evaluations, best)
    painted = torch.from_numpy(result.layer / np.float32(65535.0)).permute(2, 0, 1)[None]  # H×W×3 → 1×3×H×W
    loss = objective.look(painted, loss_weights(settings)).loss
    while losses[-1][0] > loss and textbook_evaluations < MOST_EVALUATIONS:
        textbook_evaluations += 1
        best = _textbook_turn(theirs, clocks, losses, textbook_evaluations, best)
    first = next((each for each in losses if each[0] <= loss), None)
    _, seconds, count = first or losses[-1]
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for name, pixels in (("ours", painted), ("textbook", best)):
            picture = (255.0 * pixels[0].clamp(0.0, 1.0).permute(1, 2, 0).flip(2)).round().byte().numpy()
            cv2.imwrite(str(save / f"{photo.stem} {painting.stem} {side} {name}.png"), picture)
    return Race(photo.name, painting.name, side, loss, clocks[0], evaluations, seconds, count, first is not None)


def _textbook_turn(
    theirs: Iterator[tuple[float, Tensor]],
    clocks: list[float],
    losses: list[tuple[float, float, int]],
    evaluation: int,
    best: Tensor,
) -> Tensor:
    began = thread_time()
    loss, picture = next(theirs)
    clocks[1] += thread_time() - began
    losses.append((loss, clocks[1], evaluation))
    return picture.clone() if loss <= min(losses)[0] else best


def warm_up(request: PictureRequest) -> None:
    """Load the network, find its format and let torch choose its kernels, which no painting but the first waits for."""
    for _ in stylize(request, Controls(StyleSettings(size=64, steps=1))):
        pass


def ours(request: PictureRequest, settings: StyleSettings) -> Generator[float, None, PictureResult]:
    """Run the style job; say after each event how many evaluations there were, those of small sizes by their pixels."""
    job, evaluations, counted, side = stylize(request, Controls(settings)), 0.0, 0, 0
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if isinstance(event, Progress):  # "Painting · 256 px"
            side = next((int(word) for word in event.stage.split() if word.isdigit()), side)
        if isinstance(event, Metrics):
            evaluations += (event.step - counted) * (side / settings.size) ** 2
            counted = event.step
        yield evaluations


def textbook_problem(request: PictureRequest, settings: StyleSettings) -> tuple[StyleObjective, Tensor]:
    """Return the loss at full size and the photo; what is measured of the pictures beforehand costs nothing here."""
    backbone = open_backbone(resolve_backbone(settings.backbone), settings)
    inputs = StyleInputs(request, settings, backbone, torch.device("cpu"))
    start = inputs.blank(*size_of(inputs.photo))
    objective = inputs.objective(*size_of(start))
    objective.look(start, loss_weights(settings))
    return objective, start


def textbook(objective: StyleObjective, start: Tensor, settings: StyleSettings) -> Iterator[tuple[float, Tensor]]:
    """Yield the loss and the picture of one evaluation after the other of a textbook loop."""
    picture = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([picture], max_iter=1, history_size=100, tolerance_grad=0.0, tolerance_change=0.0)
    weights, loss = loss_weights(settings), torch.zeros(())

    def closure() -> Tensor:
        nonlocal loss
        with torch.no_grad():
            picture.clamp_(0.0, 1.0)
        evaluated = objective.begin(picture, weights)
        picture.grad = evaluated.backward()
        loss = torch.tensor(evaluated.evaluation.loss)
        return loss

    while True:
        seen = picture.detach().clamp(0.0, 1.0)
        optimiser.step(closure)  # type: ignore[no-untyped-call]
        yield float(loss), seen


def show(races: list[Race]) -> None:
    """Print a table; the medians are what is asked for."""
    table = Table(title="Time to the default painting's loss (and evaluations at full size), one thread")
    for heading in ("", "loss", "ours", "textbook", "textbook ÷ ours", "in evaluations"):
        table.add_column(heading, justify="left" if not heading else "right")
    for each in races:
        table.add_row(
            f"{each.side} px, {Path(each.photo).stem} × {Path(each.painting).stem}",
            f"{each.loss:.3f}",
            f"{each.seconds:.1f} s, {each.evaluations:.0f}",
            f"{each.textbook_seconds:.1f} s, {each.textbook_evaluations}{'' if each.reached else ' and not there'}",
            f"{'' if each.reached else '> '}{each.ratio:.2f} ×",
            f"{each.ratio_of_evaluations:.2f} ×",
        )
    for side in dict.fromkeys(each.side for each in races):
        ratio, in_evaluations = (
            median(getattr(each, name) for each in races if each.side == side)
            for name in ("ratio", "ratio_of_evaluations")
        )
        colour = "green" if ratio >= REQUIRED else "red"
        medians = f"[{colour}]{ratio:.2f} ×[/]", f"{in_evaluations:.2f} ×"
        table.add_row(f"{side} px, median", "", "", f"≥ {REQUIRED:g} ×", *medians)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
