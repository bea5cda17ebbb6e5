"""Every kind of training, a few steps of it: in each number format, resumed elsewhere, and with too little memory."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import torch
from torch import Tensor

from gpu_checks.twins import Alone, Check, Differs, asked, computing_on, near, on_both, too_small_for
from models.backbones import untrained_backbone
from models.teachers import Teachers
from studio.core.controls import Controls
from studio.core.events import Job, Progress, finish
from studio.core.samples import sample_paintings, sample_photos
from studio.jobs.find_rate import find_rate
from studio.jobs.train import train
from studio.training.checkpoints import Checkpoints
from studio.training.kinds import KINDS
from studio.training.processes import Precision
from studio.training.rate_curve import RateRequest, RateSweep
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import TaskKind
from studio.training.tasks.distill import opening_distillation

STEPS = 4
Far: TypeAlias = tuple[float, float, float]
"""How far the first loss may be, the optimiser's momentum after all steps, and what is learnt in them."""
NEAR: dict[Precision, Far] = {"fp32": (5e-3, 0.15, 0.15), "bf16": (5e-2, 0.3, 0.3), "fp16": (1e-2, math.inf, math.inf)}
"""In fp16 first steps are left out while the scale of the loss is found: it only has to learn something."""
ADAM: Far = (5e-3, 0.1, 0.5)
"""Its first steps are as long for a gradient of mere noise as for any other."""
PHOTOS = sample_photos()[0].path.parent
SMALL: Mapping[str, tuple[Path | tuple[Path, Path], dict[str, Any]]] = {
    "classifier": (PHOTOS.parent, {"family": "resnet", "width": "narrow"}),
    "fast-style": (PHOTOS, {"blocks": 1, "stroke_side": 64, "held_back": 1}),
    "restore": (PHOTOS, {"width": 8, "held_back": 1}),
    "inpaint": (PHOTOS, {"width": 8, "course": "pixels", "held_back": 1}),
    "scratches": (PHOTOS, {"width": 8, "held_back": 1}),
    "colourise": (PHOTOS, {"held_back": 1}),
    "cyclegan": (
        (PHOTOS, PHOTOS.parent / "paintings"),
        # instance norm makes the slopes of its narrow weights steep: at the full rate rounding would lead elsewhere
        {
            "width": 8,
            "blocks": 1,
            "critic_width": 8,
            "critic_depth": 1,
            "held_back": 1,
            "kid_crops": 8,
            "r1_weight": 0.0,
            "learning_rate_factor": 0.01,
            "cycle_weight": 0.1,
        },
    ),
    "gan": (PHOTOS, {"width": 5, "blocks": 1, "style": 8, "held_back": 0}),
    "distill": (PHOTOS, {"fit_batches": 2, "held_back": 2}),
}
"""What each kind of training learns from here, slot by slot, and what makes it small."""


def open_distillation(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    """Distil a small network from small teachers of random weights: the real ones are not in the package."""
    teachers = Teachers({name: untrained_backbone(name) for name in ("densenet_narrow", "resnet_narrow")})
    widths = ((6,), (6, 8), (8, 10), (10, 12), (12, 12))
    return (yield from opening_distillation(plan, place, teachers, widths))


def small(kind: TaskKind) -> TaskKind:
    """Return the kind as it is opened here."""
    return replace(kind, opener=f"{__name__}:open_distillation") if kind.name == "distill" else kind


def plan_for(kind: TaskKind, optimiser: str = "sgd", **settings: Any) -> RunPlan:
    """Return a short run on the sample pictures."""
    data, smaller = SMALL[kind.name]
    folders = data if isinstance(data, tuple) else (data,)
    sources = {slot.name: (str(folder),) for slot, folder in zip(kind.data, folders, strict=True)}
    steady = Phase(duration=STEPS, unit="steps", learning_rate=Ramp.level(1e-3), optimiser=optimiser)
    every = {"size": 32, "batch": 2, "workers": 0, "sample_every": STEPS, "validate_every": STEPS, "precision": "fp32"}
    return RunPlan(
        task=kind.name, data=sources, schedule=Schedule(phases=(steady,)), settings=every | smaller | settings,
        inputs={wanted.role: str(sample_paintings()[0].path) for wanted in kind.inputs},
    )  # fmt: skip


def go_on(run: RunFolder, kind: TaskKind, device: str, precision: Precision = "fp32", until: int = STEPS) -> None:
    """Begin or resume a run, and pause it at this step, if that is not its last."""
    with computing_on(device), Alone(device, precision) as alone:
        job = train(TrainRequest(run.path), Controls(kind.settings()), kind=kind, processes=alone)
        for event in job:
            if until < STEPS and isinstance(event, Progress) and event.total and event.done >= until:
                job.close()


def learnt(run: RunFolder, right: RunFolder) -> dict[str, Tensor]:
    """Return the first loss, the momentum, and how far networks and average are from the right run's first weights."""
    ours, theirs = Checkpoints(run.checkpoints), Checkpoints(right.checkpoints)
    first, last = theirs.read(theirs.all()[0])["trainee"], ours.read(ours.all()[-1])["trainee"]
    pairs = {name: [(weights[key], first["networks"][name][key]) for key in weights if weights[key].is_floating_point()]
             for name, weights in last["networks"].items()}  # fmt: skip
    pairs["average"] = list(zip(last["average"]["weights"], first["average"]["weights"], strict=True))
    losses = [series.values[0] for name, series in history_of(run).metrics.items() if name.endswith("loss")]
    moved = {name: torch.cat([(now - then).flatten() for now, then in each]) for name, each in pairs.items()}
    states = [state for one in last["learners"].values() for state in one["optimiser"]["state"].values()]
    momentum = torch.cat([state.get("exp_avg", state.get("momentum_buffer")).flatten() for state in states])
    return {"first loss": torch.tensor(losses), "momentum": momentum} | moved


def history_of(run: RunFolder) -> RunHistory:
    """Return what a run's log says."""
    history = RunHistory(run.events_file)
    history.poll()
    return history


def check_learning(
    kind: TaskKind, sittings: list[tuple[int, Precision]], far: Far, device: str, reference: str,
    *, optimiser: str = "sgd", average: str = "ema",
) -> str:  # fmt: skip
    """Learn in sittings on the device (0) or its reference (1), and compare what the reference learns in one."""
    with TemporaryDirectory() as folder:
        plan = plan_for(kind, optimiser, average=average)
        run, right = (RunFolder.create(Path(folder) / name, plan) for name in ("run", "right"))
        for number, (place, precision) in enumerate(sittings, start=1):
            go_on(run, kind, (device, reference)[place], precision, STEPS * number // len(sittings))
        go_on(right, kind, reference)
        mine, wanted, words = learnt(run, right), learnt(right, right), []
    for name, vector in wanted.items():
        tolerance = far[("first loss", "momentum", name).index(name)]
        if precision == "fp32":
            tolerance = asked(tolerance, device, reference)
        if not 0 < float(mine[name].norm()) < math.inf:
            raise Differs(f"{name} is {float(mine[name].norm())}")
        words.append(near(name, mine[name], vector, tolerance))
    return ", ".join(words)


def check_out_of_memory(kind: TaskKind, device: str, reference: str) -> str:
    """Take smaller parts where a step does not fit, and say so."""
    with TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder) / "run", plan_for(kind, batch=4))
        with too_small_for(lambda seen: len(seen) > 2 and torch.is_grad_enabled(), device):
            go_on(run, kind, device)
        history = history_of(run)
    told = [one.facts["message"] for one in history.happenings if one.kind == "guard"]
    if history.step != STEPS or not told:
        raise Differs(f"it came to step {history.step} of {STEPS}, and said {told}")
    return told[0]


def check_rates(kind: TaskKind, device: str, reference: str) -> str:
    """Look for a learning rate."""
    request = RateRequest(plan_for(kind), sweep=RateSweep(low=1e-6, high=1e-3, steps=5, trial_steps=4))
    both = on_both(lambda: finish(find_rate(request, Controls(kind.settings()), kind=kind)).curves, device, reference)
    return near("losses", *([curve.losses for curve in curves] for curves in both), asked(1e-2, device, reference))


TRAINING: dict[str, Check] = {
    f"{name} {kind.name}{more}": check
    for kind in map(small, KINDS)
    for (name, more), check in {
        **{("train", f", {one}"): partial(check_learning, kind, [(0, one)], far) for one, far in NEAR.items()},
        ("train", ", SWA"): partial(check_learning, kind, [(0, "fp32")], NEAR["fp32"], average="swa"),
        ("train", ", there and back"): partial(
            check_learning, kind, [(0, "fp32"), (1, "fp32"), (0, "fp32")], ADAM, optimiser="adam"
        ),
        ("train", ", out of memory"): partial(check_out_of_memory, kind),
        ("find_learning_rate", ""): partial(check_rates, kind),
    }.items()
}
