import subprocess
import sys

import pytest

from studio.core.device import Device, available_devices, choose_device, describe_device
from studio.core.failures import StudioError


def test_the_processor_is_always_there_and_comes_last():
    devices = available_devices()
    assert [device.kind for device in devices].count("cpu") == 1
    assert devices[-1].kind == "cpu"
    assert devices[-1].name
    assert devices[-1].memory is None or devices[-1].memory > 2**28


def test_the_fastest_kind_is_chosen_unless_another_is_wanted():
    assert choose_device() == available_devices()[0]
    assert choose_device("cpu").kind == "cpu"


def test_a_device_that_is_not_there_is_named():
    missing = [kind for kind in ("cuda", "mps") if kind not in {device.kind for device in available_devices()}]
    for kind in missing:
        with pytest.raises(StudioError, match="GPU that torch can use") as caught:
            choose_device(kind)
        assert "doctor" in caught.value.remedy


def test_the_environment_can_ask_for_a_kind(monkeypatch):
    monkeypatch.setenv("ATELIER_DEVICE", " CPU ")
    assert choose_device().kind == "cpu"
    assert describe_device()["Device"].endswith("(cpu)")
    monkeypatch.setenv("ATELIER_DEVICE", "abacus")
    with pytest.raises(StudioError, match="no device called “abacus”"):
        choose_device()
    assert choose_device("cpu").kind == "cpu"  # what the program itself asks for goes before


def test_the_description_names_device_threads_and_versions():
    import torch

    facts = describe_device()
    assert facts["Device"].startswith(choose_device().name)
    assert facts["torch"] == torch.__version__
    assert set(facts) >= {"Threads", "CUDA in torch", "System"}


def test_a_label_has_the_memory_where_it_is_known():
    assert Device("cuda", "H200", 139 * 2**30).label == "H200 · 139 GB"
    assert Device("cpu", "Processor").label == "Processor"


LIGHT = ["studio.core.device", "studio.core.weights", "studio.core.library", "studio.core.frames", "studio.jobs.files",
         "studio.jobs.export", "studio.jobs.catalog"]  # fmt: skip


def test_foundations_and_task_classes_import_neither_torch_nor_qt():
    script = f"import sys, {', '.join(LIGHT)}; print([m for m in ('torch', 'PySide6') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
