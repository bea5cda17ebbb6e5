"""Small labelled pictures, and runs on them."""

import cv2
import numpy as np
from job_kit import heard
from PIL import Image

from studio.core.controls import Controls
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule_presets import one_cycle
from studio.training.tasks.classifier_settings import ClassifierSettings

SHAPES = ("disc", "square", "stripes")
TINY = {
    "size": 16, "batch": 8, "variety": "signs", "average": "none",
    "sample_every": 1000, "validate_every": 1000, "checkpoint_minutes": 240.0,
}  # fmt: skip


def shape(kind, generator, side=20):
    """A coloured shape on another colour, somewhere."""
    back, front = generator.integers(0, 90, 3), generator.integers(160, 256, 3)
    mask = np.zeros((side, side), np.uint8)
    x, y, r = *generator.integers(7, side - 7, 2).tolist(), int(generator.integers(4, 6))
    if kind == "disc":
        cv2.circle(mask, (x, y), r, 1, -1)
    elif kind == "square":
        cv2.rectangle(mask, (x - r, y - r), (x + r, y + r), 1, -1)
    else:
        mask[:, int(generator.integers(0, 4)) :: 4] = 1
    return np.where(mask[..., None] == 1, front, back).astype(np.uint8)


def write_shapes(folder, count=12, kinds=SHAPES, seed=0, grey=False):
    """`count` pictures of each kind, in a folder of its own."""
    generator = np.random.default_rng(seed)
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for number in range(count):
            picture = shape(kind, generator)
            if grey:
                picture = np.repeat(picture[..., :1], 3, axis=2)
            Image.fromarray(picture).save(folder / kind / f"{number:03}.png")
    return folder


def write_idx(folder, pictures, labels):
    """A pair of MNIST-like files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in (("x-images-idx3-ubyte", pictures), ("x-labels-idx1-ubyte", labels)):
        header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
        (folder / name).write_bytes(header + values.astype(np.uint8).tobytes())
    return folder


def plan_for(*data, steps=10, rate=3e-3, **settings):
    schedule = one_cycle(duration=steps, rate=rate, optimiser="adamw", unit="steps")
    return RunPlan(task="classifier", data=tuple(map(str, data)), settings=TINY | settings, schedule=schedule)


def trained(path, plan):
    """The run, trained to its end, what came of it, and what was said."""
    run = RunFolder.create(path, plan)
    said, result = heard(train(TrainRequest(path), Controls(ClassifierSettings())))
    return run, result, said
