"""Processes that train together: what they share, what they agree upon, and what they say when one is gone."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch
from processes_kit import in_processes
from torch import nn

from studio.core.failures import Failure, StudioError
from studio.training.launcher import is_main, launched_from_outside
from studio.training.processes import Accelerator, Processes

TIMEOUT = 60.0


def open_processes(accelerator: Accelerator = "cpu", *, timeout: float = TIMEOUT) -> Processes:
    return Processes(accelerator, devices=2, timeout=timeout)


# -- alone -------------------------------------------------------------------------------------------------------------


def test_one_process_launches_nothing_and_changes_nothing(monkeypatch):
    monkeypatch.setenv("SLURM_NTASKS", "4")  # the studio's window, opened in a shell on a cluster
    monkeypatch.setenv("SLURM_PROCID", "3")
    environment, handlers = dict(os.environ), [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Processes("cpu") as alone:
        layer = nn.Linear(2, 2)
        layer(torch.ones(1, 2)).sum().backward()
        before = layer.weight.grad.clone()
        alone.share_weights([layer])
        alone.average_gradients(layer.parameters())
        with alone.first_here(), alone.autocast():
            pass
        assert (alone.rank, alone.world, alone.is_main, alone.device.type) == (0, 1, True, "cpu")
        assert alone.agree(True, False) == (True, False)
        assert alone.mean({"loss": 0.5}) == {"loss": 0.5}
        assert alone.broadcast("thing") == "thing"
        assert alone.gather("thing") == ["thing"]
        assert alone.share_of(7) == 7
        assert torch.equal(layer.weight.grad, before)
    assert dict(os.environ) == environment
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert not torch.distributed.is_initialized()


def test_a_processor_trains_in_half_precision_only_where_it_is_asked_to_and_can():
    assert Processes("cpu", precision="fp16").precision == "fp32"
    assert Processes("cpu", precision="auto").precision == "fp32"
    able = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert Processes("cpu", precision="bf16").precision == ("bf16" if able else "fp32")


def test_a_device_that_is_not_there_is_named():
    if torch.cuda.is_available():
        pytest.skip("here is a CUDA device")
    with pytest.raises(StudioError, match="NVIDIA"):
        Processes("cuda")


# -- together ----------------------------------------------------------------------------------------------------------


def together(rank: int, folder: Path, accelerator: Accelerator) -> dict[str, object]:
    """Everything that two processes do together, once; the tests look at what each saw."""
    seen: dict[str, object] = {}
    with open_processes(accelerator) as processes:
        torch.manual_seed(rank)
        network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2).double()).to(processes.device)
        network[1].running_mean.normal_()
        network[1].num_batches_tracked.fill_(5 + rank)
        seen["own"] = _numbers(network)
        processes.share_weights([network])
        seen["shared"] = _numbers(network)

        network[0].weight.grad = torch.full_like(network[0].weight, rank + 1)
        network[2].weight.grad = torch.full_like(network[2].weight, 0.1 * (rank + 1))
        processes.average_gradients(network.parameters())
        seen["gradients"] = [None if p.grad is None else p.grad.mean().item() for p in network.parameters()]

        network[1].running_var.fill_(rank)
        processes.average_buffers([network])
        seen["variance"] = network[1].running_var.tolist()

        seen["wishes"] = processes.agree(rank == 1, False, True)
        seen["means"] = processes.mean({"loss": rank + 1.0, "broken": float("nan") if rank else 1.0})
        seen["thing"] = processes.broadcast({"from": rank})
        seen["long thing"] = processes.broadcast([rank] * 10_000) == [0] * 10_000
        seen["things"] = processes.gather({"from": rank})
        seen["share"] = processes.share_of(4)
        with pytest.raises(StudioError, match="5 pictures a step cannot be divided among 2") as odd:
            processes.share_of(5)
        seen["remedy"] = odd.value.remedy
        with processes.first_here():
            seen["was there"] = (folder / "cache").exists()
            if rank == 0:
                time.sleep(0.2)
                (folder / "cache").touch()
        with processes.first_here():
            seen["twice"] = True
    seen["left"] = not torch.distributed.is_initialized()
    return seen


def _numbers(network: nn.Module) -> dict[str, list[float]]:
    return {name: tensor.reshape(-1).tolist() for name, tensor in network.state_dict().items()}


def two_graphics_cards() -> bool:
    return torch.cuda.device_count() >= 2


@pytest.mark.parametrize(
    "accelerator",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not two_graphics_cards(), reason="needs two CUDA devices"))],
)
def test_two_processes_share_average_and_agree(tmp_path, accelerator):
    main, other = (ending.result for ending in in_processes(2, together, tmp_path, accelerator))
    assert main["own"] != other["own"]
    assert other["shared"] == main["shared"] == main["own"]  # buffers and counters too
    assert main["gradients"] == other["gradients"] == [1.5, None, None, None, pytest.approx(0.15), None]
    assert main["variance"] == other["variance"] == [0.5] * 4
    for seen in (main, other):
        assert seen["wishes"] == (True, False, True)
        assert seen["means"]["loss"] == 1.5
        assert seen["means"]["broken"] != seen["means"]["broken"]  # not a number, on both
        assert seen["thing"] == {"from": 0}
        assert seen["long thing"]
        assert seen["things"] == [{"from": 0}, {"from": 1}]
        assert seen["share"] == 2
        assert "4 or 6" in seen["remedy"]
        assert seen["twice"]
        assert seen["left"]
    assert (main["was there"], other["was there"]) == (False, True)


def meet_as(rank: int, launcher: str) -> tuple[int, int, int, bool, list[int]]:
    """Find the others as that launcher's environment says."""
    alone = {"srun on two computers", "by hand on two computers"}
    here = {"NODE_RANK": str(rank), "LOCAL_RANK": "0"} if launcher in alone else {"LOCAL_RANK": str(rank)}
    os.environ.update(here)
    if launcher.startswith("srun"):
        for name in ("ATELIER_CREW", *here):
            del os.environ[name]
        each = {"SLURM_NNODES": "2", "SLURM_NTASKS_PER_NODE": "1", "SLURM_NODEID": str(rank), "SLURM_LOCALID": "0"}
        one = {"SLURM_NNODES": "1", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NODEID": "0", "SLURM_LOCALID": str(rank)}
        os.environ.update({"SLURM_NTASKS": "2", "SLURM_PROCID": str(rank), "SLURM_JOB_ID": "1", "SLURM_JOB_NAME": "x"})
        os.environ.update(each if launcher in alone else one)
    devices, nodes = launched_from_outside() or ((1, 2) if launcher in alone else (2, 1))
    main = is_main(nodes)
    with Processes("cpu", devices=devices, nodes=nodes, timeout=TIMEOUT) as processes:
        return processes.rank, processes.local_rank, processes.world, main, processes.gather(processes.rank)


@pytest.mark.parametrize("launcher", ["srun", "srun on two computers", "by hand on two computers"])
def test_every_launcher_is_understood(launcher):
    for rank, ending in enumerate(in_processes(2, meet_as, launcher)):
        local = 0 if "two" in launcher else rank
        assert ending.result == (rank, local, 2, rank == 0, [0, 1])


# -- when one is gone --------------------------------------------------------------------------------------------------


def meet_while(rank: int, gone: int, how: str) -> str:
    """Meet, while the process `gone` leaves in a way of its own; return what the other was told."""
    processes = open_processes(timeout=2.0 if how == "frozen" else TIMEOUT)
    processes.barrier()
    if rank == gone:
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "frozen":
            os.kill(os.getpid(), signal.SIGSTOP)
        processes.leave_word(Failure("The painting is not there.", "Choose it again.", ""))
        processes.abandon()
        return "left"
    with pytest.raises(StudioError) as lost:
        processes.average_gradients(_with_gradients())
    with pytest.raises(StudioError) as again:  # it stays broken, and says so at once
        processes.barrier()
    assert again.value is lost.value
    processes.close()
    return f"{lost.value.cause} | {lost.value.remedy}"


def _with_gradients() -> list[nn.Parameter]:
    parameter = nn.Parameter(torch.zeros(3))
    parameter.grad = torch.ones(3)
    return [parameter]


@pytest.mark.parametrize(
    ("gone", "how"),
    [(1, "killed"), (0, "killed"), pytest.param(1, "frozen", marks=pytest.mark.skipif("os.name == 'nt'"))],
)
def test_who_stopped_answering_is_named(gone, how):
    endings = in_processes(2, meet_while, gone, how, frozen=gone if how == "frozen" else None)
    told = endings[1 - gone].result
    assert told.startswith(f"Process {gone + 1} of 2 (rank {gone}) stopped answering.")
    assert "Resume" in told
    assert endings[1 - gone].code == 0
    assert endings[gone].result is None


def test_who_fails_leaves_word_for_the_others():
    endings = in_processes(2, meet_while, 1, "failing")
    assert endings[0].result == "Process 2 of 2 (rank 1) failed: The painting is not there. | Choose it again."


def wait_for_the_first(rank: int) -> str:
    processes = open_processes(timeout=2.0)
    try:
        with processes.first_here():
            os.kill(os.getpid(), signal.SIGKILL)
    except StudioError as error:
        processes.abandon()
        return error.cause
    return "nobody was missing"


def test_nobody_waits_for_a_first_one_that_is_gone():
    assert in_processes(2, wait_for_the_first)[1].result == "Process 1 of 2 (rank 0) stopped answering."
