"""Several networks on one device learn what they learn on the other, and go on there: pools, averages, momenta and all.

Without a card the processor plays both parts; `scripts/gpu_check.py` does the same with the studio's own trainings.
"""

from pathlib import Path

import pytest
import torch
from gan_kit import TASKS, open_points, plan_of
from training_kit import advance_to, new_run, train_to_end, training

from studio.training.checkpoints import Checkpoints
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def started(folder: Path, name: str) -> RunFolder:
    return new_run(folder, plan_of(name, steps=12, validate_every=4, sample_every=4, precision="fp32"))


def end_of(run: RunFolder, device: str) -> dict[str, torch.Tensor]:
    """Train to the end on this device; returns every tensor of the last checkpoint by its place in it."""
    train_to_end(run, open_points, processes=Processes(device))
    return flat(Checkpoints(run.checkpoints).newest_good()[1]["trainee"] | {"chance": None})


def flat(state, place: str = "") -> dict[str, torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return {place: state}
    parts = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list | tuple) else ()
    return {key: tensor for name, part in parts for key, tensor in flat(part, f"{place}/{name}").items()}


def assert_alike(mine: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], device: str) -> None:
    assert mine.keys() == wanted.keys()
    for place, tensor in wanted.items():
        assert mine[place].device.type == "cpu"
        tolerance = 0.0 if device == "cpu" else 2e-4
        torch.testing.assert_close(mine[place], tensor, rtol=tolerance, atol=tolerance, msg=f"{place} differs")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", TASKS)
def test_what_is_learnt_does_not_depend_on_the_device(name, device, tmp_path):
    mine, wanted = (end_of(started(tmp_path / f"{turn}", name), where) for turn, where in enumerate((device, "cpu")))
    assert_alike(mine, wanted, device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", TASKS)
def test_a_run_goes_from_device_to_device_and_back(name, device, tmp_path):
    run = started(tmp_path / "moving", name)
    for step, where in ((4, device), (8, "cpu")):
        job = training(run, open_points, processes=Processes(where))
        advance_to(step, job)
        job.close()
    assert_alike(end_of(run, device), end_of(started(tmp_path / "alone", name), "cpu"), device)
