"""Every job that asks a network, on the device and on its reference."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gpu_checks.twins import Check, Differs, asked, computing_on, near, on_both, too_small_for
from models.backbones import Backbone, untrained_backbone
from models.classifier_files import ClassifierFacts, to_file
from models.classifiers import FAMILIES, build_classifier
from models.collapsible import collapse
from models.cyclegan import initialise
from models.enlarger import Enlarger
from models.fast_style import FastStyleNetwork
from models.gan import StyledGenerator
from models.generator_files import GeneratorFacts
from models.generator_files import to_file as to_generator_file
from models.restoration import RestorerFacts
from models.restoration import to_file as to_restorer_file
from models.style_transfer import LossWeights, StyleObjective
from models.translation import TranslatorFacts
from models.translation import build as build_translator
from models.translation import to_file as to_translator_file
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, Station, Walk, unpacked
from studio.core.dreams import (
    CheckTask,
    DirectionsFound,
    DirectionsTask,
    Dream,
    EncoderTask,
    GenerateTask,
    InterpolateTask,
    Projected,
    ProjectTask,
)
from studio.core.events import Event, Job, Log, Metrics, finish
from studio.core.images import load_picture, save_picture
from studio.core.inference_format import FORMATS, PLAIN, FormatMemo, InferenceFormat, in_format
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult
from studio.core.resizing import resize
from studio.core.restore_settings import RestoreSettings
from studio.core.samples import sample_paintings, sample_photos
from studio.core.settings import Settings
from studio.core.style_settings import StyleSettings
from studio.core.translate_settings import TranslateSettings
from studio.core.verdicts import ClassifyTask
from studio.jobs.classify import classify, kind_of_classifier
from studio.jobs.dream import find_directions, generate, interpolate, project
from studio.jobs.dream_check import check_generator
from studio.jobs.dream_directions import find_directions_of, learn_direction
from studio.jobs.dream_encoder import learn_encoder
from studio.jobs.dream_find import drag_picture, look_for
from studio.jobs.dream_gallery import nearest_seeds, variations
from studio.jobs.dream_picture import dream, look_at_generator, sketch
from studio.jobs.dream_tasks import FindTask, LearnTask, NearestTask, SketchesTask, VariationsTask
from studio.jobs.dream_walk import export_walk, walk_through
from studio.jobs.dream_ways import DragTask, LookForTask, WalkExportTask, WalkTask
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.restore.networks import kind_of_restorers
from studio.jobs.restore.palette import PaletteTask, suggest_palette
from studio.jobs.restore.restore import restore, warm_up_restorer
from studio.jobs.restore.trial import MendTask, mend_damage
from studio.jobs.style.fast_stylize import kind_of_fast_style
from studio.jobs.style.stylize import stylize
from studio.jobs.translate.answers import AnswersTask, paint_answers
from studio.jobs.translate.translate import translate
from studio.jobs.warm_up import warm_up

Hand = Callable[[Event, Controls[StyleSettings]], None]


def check_warm_up(device: str, reference: str) -> str:
    """Load the network, and find out in which format fast styles are painted."""
    with computing_on(device):
        finish(warm_up("atelier-slim", Controls(Settings())))
        return "; ".join(f"{kind}: {format}" for kind, (format, _) in FormatMemo.standard().known().items())


def small(**changes: Any) -> StyleSettings:
    """Return settings for a painting of seconds."""
    return StyleSettings.model_validate({"backbone": "squeezenet1_1:untrained", "size": 96, "steps": 12} | changes)


def paint(
    controls: Controls[StyleSettings], hand: Hand = lambda _event, _controls: None
) -> tuple[list[Event], PictureResult]:
    """Run the style job over a sample photo and two paintings; `hand` sees every event."""
    photo, *paintings = (load_picture(sample.path) for sample in (*sample_photos()[:1], *sample_paintings()[:2]))
    job, events = stylize(PictureRequest({CONTENT: (photo,), "style": tuple(paintings)}), controls), list[Event]()
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return events, end.value
        hand(events[-1], controls)


def check_style(device: str, reference: str, **changes: Any) -> str:
    """Paint live: the first loss tells the network, the last one the optimiser too, which enlarges differences."""
    both = on_both(lambda: paint(Controls(small(**changes))), device, reference)
    losses = [[event.values["loss"] for event in events if isinstance(event, Metrics)] for events, _ in both]
    first = near("first loss", losses[0][0], losses[1][0], asked(5e-3, device, reference))
    last = near("last loss", losses[0][-1], losses[1][-1], asked(0.15, device, reference))
    return f"{first}, {last}, {near('picture', both[0][1].layer, both[1][1].layer, asked(0.15, device, reference))}"


def check_replay(device: str, reference: str) -> str:
    """Move a slider on the device, and follow the recipe on the reference."""

    def hand(event: Event, controls: Controls[StyleSettings]) -> None:
        if isinstance(event, Metrics) and event.step == 5:
            controls.replace(controls.settings.model_copy(update={"style_weight": 3.0}))

    with computing_on(device):
        _, mine = paint(Controls(small()), hand)
    if not any(step.action == "settings" for step in mine.recipe.steering):
        raise Differs("the moved slider is not in the recipe")
    with computing_on(reference):
        return near("picture", mine.layer, paint(ReplayControls(mine.recipe))[1].layer, asked(0.15, device, reference))


def check_style_out_of_memory(device: str, reference: str) -> str:
    """Go on at a smaller size where the large one does not fit."""
    with computing_on(device), too_small_for(lambda seen: seen.shape[1] == 3 and max(seen.shape[2:]) > 150, device):
        events, result = paint(Controls(small(size=240, steps=4, stroke_size=0.5)))
    told = [event.message for event in events if isinstance(event, Log) and "memory" in event.message]
    if not told or max(result.layer.shape) > 150:
        raise Differs(f"it painted {result.layer.shape}, and said {told}")
    return told[0]


def in_formats(format: InferenceFormat, kind: str, run: Callable[[], Any], device: str, reference: str) -> list[Any]:
    """Return what comes of it on the device in this format, and on its reference in the plain one."""
    made = []
    for where, used in ((device, format), (reference, PLAIN)):
        with computing_on(where):
            FormatMemo.standard().keep(kind, used, 1.0)
            made.append(run())
    return made


def check_fast_style(format: InferenceFormat, device: str, reference: str) -> str:
    """Paint at once with a packaged fast style."""
    kind, settings = kind_of_fast_style(FastStyleNetwork()), small(method="instant", strength=0.8)
    mine, wanted = in_formats(format, kind, lambda: paint(Controls(settings))[1], device, reference)
    if mine.recipe.versions["format"] != str(format):
        raise Differs(f"it painted in {mine.recipe.versions['format']}, not in {format}")
    return near("picture", mine.layer, wanted.layer, 2e-2 if format.dtype == "bfloat16" else 2e-3)


def check_classify(format: InferenceFormat, device: str, reference: str) -> str:
    """Ask a classifier what it says of the sample photos."""
    network = build_classifier("resnet", "narrow", channels=3, classes=3, generator=torch.manual_seed(0)).eval()
    network.head.weight.data.normal_(0.0, 0.02)
    facts = ClassifierFacts("resnet", "narrow", 3, ("a", "b", "c"), 32)
    with TemporaryDirectory() as folder:
        task = ClassifyTask(tuple(photo.path for photo in sample_photos()[:4]), Path(folder) / "model.safetensors")
        save_file(to_file(network), task.model, facts.to_metadata())

        def chances() -> list[list[float]]:
            verdicts = finish(classify(task, Controls(Settings())))
            return [[dict(verdict.chances)[name] for name in facts.classes] for verdict in verdicts]

        both = in_formats(format, kind_of_classifier(facts), chances, device, reference)
    return near("probabilities", *both, 5e-2 if format.dtype == "bfloat16" else 5e-3)


def check_dream(job: Callable[..., Job[Any]], task: Any, device: str, reference: str) -> str:
    """Ask a generator; what is compared are its pictures."""
    torch.manual_seed(0)
    network, facts = StyledGenerator((16, 16, 16, 8), 8, 16), GeneratorFacts("styled", DREAM_SHAPE, 32)
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        save_file(to_generator_file(network), model, facts.to_metadata())

        def made() -> Any:
            found = finish(job(replace(task, model=str(model)), Controls(Settings())))
            match found:
                case DirectionsFound():
                    return np.concatenate(found.rows)
                case (Dream(), *_) | (Projected(), *_):
                    return np.stack([one.picture if isinstance(one, Dream) else one.found for one in found])
                case _:
                    return np.stack(found)

        mine, wanted = on_both(made, device, reference)
    return near("pictures", mine.astype(float), wanted.astype(float), asked(2e-2, device, reference))


def check_play(
    job: Callable[..., Job[Any]], task: Callable[[DreamSettings], Any], numbers: Callable[[Any], Any], device: str,
    reference: str,
) -> str:  # fmt: skip
    """Play with a generator; what is compared are `numbers` of what comes of it."""
    torch.manual_seed(0)
    network, facts = StyledGenerator((16, 16, 16, 8), 8, 16), GeneratorFacts("styled", DREAM_SHAPE, 32)
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        save_file(to_generator_file(network), model, facts.to_metadata())
        settings = DreamSettings(model=str(model), across=1.3, typical=0.8)
        both = on_both(lambda: numbers(finish(job(task(settings), Controls(settings)))), device, reference)
    mine, wanted = (np.asarray(each, float) for each in both)
    return near("numbers", mine, wanted, asked(2e-2, device, reference))


DREAM_SHAPE = {"widths": [16, 16, 16, 8], "latent": 8, "style": 16}
DREAMS: dict[str, tuple[Callable[..., Job[Any]], Any]] = {
    "generate": (generate, GenerateTask("", (1, 2), 0.8)),
    "interpolate": (interpolate, InterpolateTask("", (1, 2), 3, loop=True)),
    "project": (project, ProjectTask("", (sample_photos()[0].path,), steps=4)),
    "directions": (find_directions, DirectionsTask("", "features", 2)),
}


PLAYS: dict[str, tuple[Callable[..., Job[Any]], Callable[[DreamSettings], Any], Callable[[Any], Any]]] = {
    "dream": (dream, lambda _settings: PictureRequest({}), lambda made: made.layer),
    "sketch": (sketch, lambda settings: SketchesTask((settings, settings.at_seed(3))), np.stack),
    "look_at_generator": (look_at_generator, lambda settings: settings.model, lambda found: [found.size, found.stages]),
    "nearest_seeds": (nearest_seeds, lambda settings: NearestTask(settings.at_seed(3), 1, 50), list),
    "variations": (
        variations, lambda settings: VariationsTask(settings, 2), lambda made: [unpacked(one.held.w) for one in made]
    ),
    "find_directions_of": (
        find_directions_of, lambda settings: FindTask(settings, "weights", count=2),
        lambda found: np.abs([unpacked(one.vector) for one in found]),
    ),
    "learn_direction": (
        learn_direction, lambda settings: LearnTask((settings,), (settings.at_seed(3),), "far"),
        lambda found: unpacked(found.vector),
    ),
    "look_for": (
        look_for,
        lambda settings: LookForTask(settings, load_picture(sample_photos()[0].path).pixels, "photo", steps=3),
        lambda found: unpacked(found.settings.held.w),
    ),
    "drag_picture": (
        drag_picture, lambda settings: DragTask(settings, (((8.0, 8.0), (12.0, 8.0)),), most=2),
        lambda dragged: unpacked(dragged.settings.held.w),
    ),
    "walk_through": (
        walk_through, lambda settings: WalkTask(walking(settings), 4.0),
        lambda frames: [unpacked(frame.w) for frame in frames],
    ),
    "export_walk": (
        export_walk, lambda settings: WalkExportTask(walking(settings), Path(settings.model).with_name("walk"), 4.0),
        lambda folder: [load_picture(frame).pixels for frame in sorted(folder.iterdir())],
    ),
    "check_generator": (
        check_generator, lambda settings: CheckTask(settings.model, tuple(range(20)), (coloured(settings),)),
        lambda mirrored: [mirrored.made["kid"], mirrored.real["kid"]],
    ),
    "learn_encoder": (
        learn_encoder, lambda settings: EncoderTask(settings.model, Path(settings.model).with_name("both"), steps=2),
        lambda file: np.concatenate([tensor.float().flatten() for tensor in load_file(file).values()]),
    ),
}  # fmt: skip


def walking(settings: DreamSettings) -> DreamSettings:
    """Return settings with a walk between two seeds."""
    stations = (Station(across=1.0, seconds=0.5), Station(across=4.0, seconds=0.5))
    return settings.model_copy(update={"walk": Walk(stations=stations)})


def coloured(settings: DreamSettings) -> Path:
    """Write small pictures beside the settings' generator, as if it had learnt from them."""
    folder, chance = Path(settings.model).with_name("pictures"), np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    for number in range(80):
        blocks = chance.integers(0, 256, (4, 4, 3), np.uint8)
        save_picture(folder / f"{number:02}.png", np.kron(blocks, np.ones((8, 8, 1), np.uint8)), recipe=None)
    return folder


@contextmanager
def untrained_enlarger() -> Iterator[tuple[str, RestoreSettings]]:
    """Write one that changes much; yields what kind it is, and settings that ask for it."""
    network, facts = Enlarger(2, width=16, blocks=2), RestorerFacts("enlarger", {"scale": 2, "width": 16, "blocks": 2})
    network.initialise(torch.Generator().manual_seed(0))
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        save_file(to_restorer_file(collapse(network)), model, facts.to_metadata())
        yield kind_of_restorers(facts), RestoreSettings(mode="enlarge", model=str(model))


def check_restore(format: InferenceFormat, device: str, reference: str) -> str:
    """Enlarge a sample photo in tiles."""
    photo = load_picture(sample_photos()[0].path)
    with untrained_enlarger() as (kind, settings):

        def made() -> PictureResult:
            return finish(restore(PictureRequest({CONTENT: (photo,)}), Controls(settings)))

        mine, wanted = in_formats(format, kind, made, device, reference)
    return near("picture", mine.layer, wanted.layer, 2e-2 if format.dtype == "bfloat16" else 2e-3)


def check_mend_damage(device: str, reference: str) -> str:
    """Enlarge what is left of a sample photo, and measure how near that comes."""
    photo = load_picture(sample_photos()[0].path).pixels
    task = MendTask(photo, resize(photo, photo.shape[1] // 2, photo.shape[0] // 2))
    with untrained_enlarger() as (kind, settings):
        mine, wanted = in_formats(
            PLAIN, kind, lambda: finish(mend_damage(task, Controls(settings))).after, device, reference
        )
    return near("decibels", mine, wanted, 2e-3)


def check_suggest_palette(device: str, reference: str) -> str:
    """Say which colours a place of a sample photo may have."""
    task = PaletteTask(load_picture(sample_photos()[0].path), 0.5, 0.5)
    settings = RestoreSettings(mode="colourise")
    both = on_both(lambda: finish(suggest_palette(task, Controls(settings))), device, reference)
    chances = [[one.chance for one in palette] for palette in both]
    return near("chances", *chances, asked(5e-2, device, reference))


def check_warm_up_restorer(device: str, reference: str) -> str:
    """Load a restorer, and find out in which format it restores."""
    with computing_on(device), untrained_enlarger() as (kind, settings):
        finish(warm_up_restorer(settings, Controls(settings)))
        return f"{kind}: {FormatMemo.standard().known()[kind][0]}"


def check_translate(device: str, reference: str) -> str:
    """Translate a sample photo with an untrained pair, strip by strip."""
    facts, photo = TranslatorFacts("separable", {"width": 16, "blocks": 2}), load_picture(sample_photos()[0].path)
    network = build_translator(facts)
    initialise(network, torch.Generator().manual_seed(0))
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        save_file(to_translator_file({"ab": network}), model, facts.to_metadata())
        controls = Controls(TranslateSettings(model=str(model)))
        both = on_both(lambda: finish(translate(PictureRequest({CONTENT: (photo,)}), controls)), device, reference)
    return near("picture", both[0].layer, both[1].layer, 2e-3)


def check_answers(device: str, reference: str) -> str:
    """Paint nine answers of an untrained pair that knows many."""
    facts = TranslatorFacts("separable", {"width": 8, "blocks": 1, "code": 3}, ("ab",), size=32)
    network = build_translator(facts)
    initialise(network, torch.Generator().manual_seed(0))
    photo = load_picture(sample_photos()[0].path).pixels
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.safetensors"
        save_file(to_translator_file({"ab": network}), model, facts.to_metadata())
        settings = TranslateSettings(model=str(model))

        def answers() -> np.ndarray[Any, Any]:
            found = finish(paint_answers(AnswersTask(photo, settings), Controls(settings)))
            return np.stack([answer.picture for answer in found]).astype(float)

        mine, wanted = on_both(answers, device, reference)
    return near("pictures", mine, wanted, asked(1e-2, device, reference))


def networks(device: str) -> dict[str, tuple[nn.Module, Callable[[Any], Tensor]]]:
    """Return every kind of network, and what makes numbers of one: its output, or the gradient of its style loss."""
    chance = torch.Generator().manual_seed(0)
    photo, painting = (torch.rand(1, 3, 96, 96, generator=chance).to(device) for _ in range(2))

    def gradient(backbone: Any) -> Tensor:
        return StyleObjective(backbone, "gram", photo, [painting]).begin(painting, LossWeights()).backward()

    painter = FastStyleNetwork(0.25, 2)
    painter.initialise(chance)
    found: dict[str, tuple[nn.Module, Callable[[Any], Tensor]]]
    found = {"fast style": (painter, lambda network: network(photo, photo.new_ones(1)))}
    found |= {name: (untrained_backbone(name), gradient) for name in ("slim", "squeezenet1_1", "vgg16_bn")}
    for family in FAMILIES:
        classifier = build_classifier(family, "narrow", channels=3, classes=3, generator=chance)
        found[family] = classifier, lambda network: network.features(network.normalise(photo))
    return {name: (network.eval().requires_grad_(False).to(device), use) for name, (network, use) in found.items()}


def check_networks(names: tuple[str, ...], change: Callable[[Any, str], object], device: str, reference: str) -> str:
    """Change something about networks that must not change what they say, on the device alone."""
    words, found = [], networks(device)
    for name in names or found:
        network, use = found[name]
        plain = use(network).cpu()
        change(network, device)
        words.append(near(name, use(network).cpu(), plain, 0.2 if isinstance(network, Backbone) else 5e-3))
    return ", ".join(words)


def compiled(network: nn.Module, device: str) -> None:
    """Compile a network; the processor only rehearses the tracing, which needs no compiler."""
    network.compile(backend="inductor" if device == "cuda" else "aot_eager")


JOBS: dict[str, Check] = {
    "warm_up": check_warm_up,
    "stylize": check_style,
    "stylize, mean and deviation, smooth": partial(check_style, statistic="mean_std", total_variation=1.0),
    "stylize, a texture from noise": partial(check_style, mode="texture", start_from="noise", pooling="average"),
    "stylize with the packaged network": partial(check_style, backbone="atelier-slim", size=128),
    "stylize, steered and replayed": check_replay,
    "stylize, out of memory": check_style_out_of_memory,
    **{f"stylize at once, {format}": partial(check_fast_style, format) for format in FORMATS},
    "warm_up_restorer": check_warm_up_restorer,
    "mend_damage, enlarged": check_mend_damage,
    "suggest_palette": check_suggest_palette,
    **{f"restore, {format}": partial(check_restore, format) for format in FORMATS},
    "translate": check_translate,
    "paint_answers": check_answers,
    **{name: partial(check_dream, *one) for name, one in DREAMS.items()},
    **{name: partial(check_play, *one) for name, one in PLAYS.items()},
    **{f"classify, {format}": partial(check_classify, format) for format in FORMATS},
    "networks, channels last": partial(check_networks, (), lambda network, _: in_format(network, FORMATS[1])),
    "networks, compiled": partial(check_networks, ("fast style", "resnet"), compiled),
}
"""By name, which begins with the name of the job in the catalogue."""
