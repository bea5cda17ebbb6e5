"""Several processes that train one run together, over Lightning Fabric; one process is simply the smallest number.

Fabric finds the devices, the ranks (torchrun, SLURM, MPI, or our own `Launcher`) and the number format. Averaging is
done here by hand rather than by wrapping networks in DistributedDataParallel: DDP averages inside `backward`, and tasks
with several networks, objectives that alternate between them, and accumulated micro-batches would each have to tell
it when not to. Here every step says once, after its last part, "average these gradients".
"""

import logging
import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar, cast

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from studio.core.device import choose_device
from studio.core.failures import Failure, StudioError, first_line, is_out_of_memory
from studio.training.launcher import in_launcher, launched_from_outside
from studio.training.liveness import Liveness

__all__ = ["Accelerator", "Precision", "Processes"]

logging.getLogger("lightning_fabric").setLevel(logging.ERROR)  # its remarks are for programmers

Accelerator: TypeAlias = Literal["auto", "cpu", "cuda"]
Precision: TypeAlias = Literal["auto", "fp32", "bf16", "fp16"]

TIMEOUT_S = 600.0
"""How long a process may keep the others waiting before they take it for dead."""

_BUCKET = 8 << 20
"""Numbers that are averaged in one message: 32 MB of fp32, where a network's speed counts and no longer its delay."""

_LETTER = 1016
"""Bytes of a broadcast object that travel with its length."""

_FABRIC_PRECISION: dict[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

T = TypeVar("T")


class Processes:
    """One process among those that train together: where it computes, who it is, and what they agree upon.

    One process (`devices=nodes=1`, the default) launches nothing, touches neither environment nor signals, and every
    method below costs nothing: so the window's own thread trains through the same calls.

    Attributes:
        world: how many they are.
        here: how many of them on this computer.
        rank: which of all this is; 0 is the main one.
        local_rank: which of those on this computer.
        device: where it computes.
        precision: the number format that came of what was wanted and what the device has.

    Args:
        accelerator: what computes; "auto" is the fastest kind there is.
        devices: processes on this computer, each with a device of its own.
        nodes: computers.
        precision: number format; "auto" chooses bf16 on CUDA devices that have it. Processors with bf16 units compute
            in it where it is asked for; in fp16 none does.
        timeout: seconds that a process may keep the others waiting.

    Raises:
        StudioError: there are not so many devices, or not all processes came.

    """

    def __init__(
        self,
        accelerator: Accelerator = "auto",
        *,
        devices: int = 1,
        nodes: int = 1,
        precision: Precision = "auto",
        timeout: float = TIMEOUT_S,
    ) -> None:
        kind = _kind_of_device(accelerator, devices)
        self.precision = _usable_precision(precision, kind)
        self.world, self.here = devices * nodes, devices
        self._broken: StudioError | None = None
        self._liveness: Liveness | None = None
        self._fabric = _make_fabric(kind, devices, nodes, self.precision, timeout)
        if self.world > 1:
            self._meet(timeout)
        self.device: torch.device = self._fabric.device
        self.rank: int = self._fabric.global_rank
        self.local_rank: int = self._fabric.local_rank

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes the run's folder and speaks to the user."""
        return self.rank == 0

    # -- computing ---------------------------------------------------------------------------------------------------

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context in which networks run in the chosen number format."""
        # without its cache: not every torch keeps what was cast without gradients from where they are needed
        return torch.autocast(
            self.device.type, _DTYPES[self.precision], enabled=self.precision != "fp32", cache_enabled=False
        )

    def share_of(self, batch: int) -> int:
        """Return how many of a step's `batch` pictures this process takes.

        Raises:
            StudioError: they cannot be divided evenly, without which a mean of means would be no mean.

        """
        if batch % self.world == 0:
            return batch // self.world
        lower, higher = batch // self.world * self.world, -(-batch // self.world) * self.world
        choices = f"{lower} or {higher}" if lower else str(higher)
        raise StudioError(
            f"{batch} pictures a step cannot be divided among {self.world} processes.",
            f"Choose {choices} pictures a step (--batch), or another number of processes.",
        )

    # -- what they do together ---------------------------------------------------------------------------------------

    def share_weights(self, modules: Iterable[nn.Module]) -> None:
        """Give every process the main one's parameters and buffers."""
        if self.world == 1:
            return
        tensors = [tensor.data for module in modules for tensor in (*module.parameters(), *module.buffers())]
        with self._together():
            for bucket in _buckets(tensors):
                flat = _flatten(bucket)
                dist.broadcast(flat, src=0)
                _unflatten(flat, bucket)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes, bit for bit the same on all of them.

        A parameter without a gradient is left out. It has to be without one everywhere: so it is, as all processes
        follow the same objective at the same step.
        """
        if self.world > 1:
            self._average([p.grad for p in parameters if p.grad is not None])

    def average_buffers(self, modules: Iterable[nn.Module]) -> None:
        """Replace running statistics by their mean over the processes; counters are the same anyway."""
        if self.world > 1:
            self._average([b for module in modules for b in module.buffers() if b.is_floating_point()])

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """Return what at least one process wishes, in the order of `wishes`: every process hears the same."""
        if self.world == 1:
            return wishes
        counted = torch.tensor(wishes, dtype=torch.uint8)
        with self._together():
            dist.all_reduce(counted, op=dist.ReduceOp.MAX)
        return tuple(bool(wish) for wish in counted.tolist())

    def mean(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """Return each number's mean over the processes; one that is not finite anywhere is so everywhere."""
        if self.world == 1:
            return dict(numbers)
        values = torch.tensor(list(numbers.values()), dtype=torch.float64)
        with self._together():
            dist.all_reduce(values)
        return dict(zip(numbers, (values / self.world).tolist(), strict=True))

    def broadcast(self, thing: T) -> T:
        """Return the main process's `thing` (anything that pickles) on every process."""
        if self.world == 1:
            return thing
        pickled = pickle.dumps(thing) if self.is_main else b""
        letter = _letter(pickled)
        with self._together():
            dist.broadcast(letter, src=0)
            length = int(letter[:8].view(torch.int64))
            if length <= _LETTER:  # nearly always, and then one message is all
                content = letter[8 : 8 + length]
            else:
                content = torch.frombuffer(bytearray(pickled or length), dtype=torch.uint8)
                dist.broadcast(content, src=0)
        return thing if self.is_main else cast(T, pickle.loads(content.numpy().tobytes()))

    def gather(self, thing: T) -> list[T]:
        """Return every process's `thing` (anything that pickles) in the order of ranks, on every process."""
        things: list[T] = [thing] * self.world
        if self.world > 1:
            with self._together():
                dist.all_gather_object(things, thing)
        return things

    def barrier(self) -> None:
        """Wait until all processes are here."""
        self.agree(False)

    @contextmanager
    def first_here(self) -> Iterator[None]:
        """Let one process of each computer do the block before the others, who find its work done.

        For what is done once and kept on the disk, however long it takes: the others wait as long as it lives.
        """
        if self._liveness is None:
            yield
        elif self.local_rank == 0:
            yield
            self._liveness.open_gate()
        else:
            self._liveness.wait_at_gate(self.rank - self.local_rank)
            yield

    # -- how it ends -------------------------------------------------------------------------------------------------

    def leave_word(self, failure: Failure) -> None:
        """Tell the others why this process leaves, so that the main one can say more than that it is gone."""
        if self._liveness is not None and self._broken is None:  # whoever was left has nothing to tell
            with suppress(RuntimeError):
                self._liveness.leave_word(failure)

    def close(self) -> None:
        """Part from the others, who are expected to do the same now; after a break, without waiting for them."""
        liveness, self._liveness = self._liveness, None
        if liveness is None:
            return
        if self._broken is None:
            with suppress(StudioError):  # whoever is lost now is no longer needed
                self.barrier()
        self._leave(liveness)

    def abandon(self) -> None:
        """Part from the others at once, because of a failure here: at their next meeting they notice."""
        liveness, self._liveness = self._liveness, None
        if liveness is not None:
            self._leave(liveness)

    def __enter__(self) -> Self:
        """Hand itself out."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Part in peace, or, after a failure, at once."""
        if error is None:
            self.close()
        else:
            self.abandon()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _meet(self, timeout: float) -> None:
        if not in_launcher() and launched_from_outside() is None:
            raise RuntimeError("nobody has started the other processes: see Launcher")
        os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")  # raise at the time-out instead of ending the process
        try:
            self._fabric.launch()
        except (RuntimeError, ValueError) as error:
            raise StudioError(
                f"The {self.world} processes did not find one another ({first_line(error)}).",
                "Check that all were started with the same command, and that they can reach one another; then resume.",
            ) from error
        self._liveness = Liveness(self._fabric.global_rank, self.world, timeout)

    def _average(self, tensors: Sequence[Tensor]) -> None:
        with self._together():
            buckets = list(_buckets(tensors))
            flats = [_flatten(bucket) for bucket in buckets]
            works = [dist.all_reduce(flat, async_op=True) for flat in flats]
            for work, flat, bucket in zip(works, flats, buckets, strict=True):
                work.wait()
                _unflatten(flat.div_(self.world), bucket)

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Turn a broken connection or a time-out into a sentence that says who is missing."""
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            self._broken = self._liveness.what_happened() if self._liveness else _NO_LONGER_TOGETHER
            raise self._broken from error

    def _leave(self, liveness: Liveness) -> None:
        liveness.stop()
        broken, self._broken = self._broken, self._broken or _NO_LONGER_TOGETHER
        with suppress(RuntimeError):
            if broken is not None and self.device.type == "cuda":
                _abort_nccl(self.device)  # taking NCCL down in order waits for those who are gone
            dist.destroy_process_group()


def _kind_of_device(accelerator: Accelerator, devices: int) -> str:
    kind = choose_device(None if accelerator == "auto" else accelerator).kind
    if kind == "mps" and devices > 1:  # Apple's GPU is one, and torch cannot average over it
        kind = "cpu"
    if kind == "cuda" and devices > torch.cuda.device_count():
        raise StudioError(
            f"{devices} GPUs were asked for; this computer has {torch.cuda.device_count()}.",
            f"Ask for at most {torch.cuda.device_count()} with --devices, or for the processor with --accelerator cpu.",
        )
    return kind


def _usable_precision(wanted: Precision, kind: str) -> Precision:
    if kind != "cuda":  # few processors and no Apple GPU train faster in half precision: only where it is asked for
        return "bf16" if wanted == "bf16" and kind == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported() else "fp32"
    if wanted == "auto":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return wanted


def _make_fabric(kind: str, devices: int, nodes: int, precision: Precision, timeout: float) -> Fabric:
    number_format = _FABRIC_PRECISION[precision]
    if devices * nodes == 1:  # whatever the environment says: this process is alone
        return Fabric(accelerator=kind, devices=1, precision=number_format, plugins=[LightningEnvironment()])
    # also beside NCCL flags and numbers travel by gloo: it notices at once who has gone, and leaves the GPU alone
    backend = "cpu:gloo,cuda:nccl" if kind == "cuda" else "gloo"
    strategy = DDPStrategy(process_group_backend=backend, timeout=timedelta(seconds=timeout))
    if in_launcher():  # even where SLURM gave us the computer
        strategy.cluster_environment = LightningEnvironment()
    try:
        return Fabric(accelerator=kind, devices=devices, num_nodes=nodes, strategy=strategy, precision=number_format)
    except (RuntimeError, ValueError) as error:
        raise StudioError(
            f"{devices * nodes} processes cannot be arranged ({first_line(error)}).",
            "Check --devices and --num-nodes.",
        ) from error


def _buckets(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Group tensors of one number format into messages of about `_BUCKET` numbers, in the same order everywhere."""
    buckets: dict[torch.dtype, list[Tensor]] = {}
    numbers: dict[torch.dtype, int] = {}
    for tensor in tensors:
        kind = tensor.dtype
        buckets.setdefault(kind, []).append(tensor)
        numbers[kind] = numbers.get(kind, 0) + tensor.numel()
        if numbers[kind] >= _BUCKET:
            yield buckets.pop(kind)
            numbers[kind] = 0
    yield from buckets.values()


def _flatten(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def _unflatten(flat: Tensor, tensors: Sequence[Tensor]) -> None:
    pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
    for tensor, piece in zip(tensors, pieces, strict=True):
        tensor.detach().copy_(piece.view_as(tensor))


def _letter(content: bytes) -> Tensor:
    """Return a message of fixed length: how long `content` is, and `content` itself where it fits in."""
    letter = torch.zeros(8 + _LETTER, dtype=torch.uint8)
    letter[:8] = torch.tensor([len(content)], dtype=torch.int64).view(torch.uint8)
    if content and len(content) <= _LETTER:
        letter[8 : 8 + len(content)] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    return letter


def _abort_nccl(device: torch.device) -> None:
    group = dist.group.WORLD
    if group is not None:
        group._get_backend(device).abort()


_NO_LONGER_TOGETHER = StudioError(
    "The run was stopped at once.",
    "Resume it: it goes on from its last checkpoint, with as many processes as you like.",
)
