"""What computes: an NVIDIA GPU, else Apple's, else the processor. Torch is imported only when somebody asks."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from studio.core.failures import StudioError

DeviceKind: TypeAlias = Literal["cuda", "mps", "cpu"]

_WHY_NOT = {"cuda": "no NVIDIA GPU that torch can use", "mps": "no Apple GPU that torch can use"}


@dataclass(frozen=True, slots=True)
class Device:
    """Something to compute on. `kind` is torch's name for it; `memory` is in bytes, None where it is not known."""

    kind: DeviceKind
    name: str
    memory: int | None = None

    @property
    def label(self) -> str:
        """For the status bar: the name, and the memory in GB."""
        return self.name if self.memory is None else f"{self.name} · {self.memory / 2**30:.0f} GB"


def choose_device(preferred: DeviceKind | None = None) -> Device:
    """Return the device to compute on: `preferred`, else what ATELIER_DEVICE asks for, else the fastest kind there is.

    Raises:
        StudioError: the preferred kind is not there.

    """
    found = available_devices()
    wanted = preferred or os.environ.get("ATELIER_DEVICE", "").strip().lower()
    device = next((device for device in found if wanted in ("", device.kind)), None)
    if device is None:
        raise StudioError(
            f"There is {_WHY_NOT.get(wanted, f'no device called “{wanted}”')} here.",
            "Leave the choice to the studio, or check the driver with `atelier doctor`.",
        )
    return device


def available_devices() -> tuple[Device, ...]:
    """Return all devices, fastest kind first; the processor is always among them."""
    import torch

    devices: list[Device] = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            devices.append(Device("cuda", properties.name, properties.total_memory))
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU", int(torch.mps.recommended_max_memory())))
    devices.append(Device("cpu", processor_name(), total_memory()))
    return tuple(devices)


def describe_device() -> dict[str, str]:
    """Return what `atelier doctor` prints about this computer, name → value, in order.

    Raises:
        StudioError: the device that ATELIER_DEVICE asks for is not there.

    """
    import torch

    chosen = choose_device()
    facts = {"Device": f"{chosen.label} ({chosen.kind})"}
    if others := [device for device in available_devices() if device != chosen]:
        facts["Also here"] = ", ".join(f"{device.label} ({device.kind})" for device in others)
    facts["Threads"] = f"{torch.get_num_threads()} of {os.cpu_count()}"
    facts["torch"] = str(torch.__version__)
    facts["CUDA in torch"] = torch.version.cuda or "no"
    facts["System"] = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return facts


def processor_name() -> str:
    """Return the processor's name, as far as the system tells."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
            name = next(names, "")
    except OSError:
        name = ""
    return name or platform.processor() or platform.machine() or "Processor"


def total_memory() -> int | None:
    """Return this computer's memory in bytes, None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
