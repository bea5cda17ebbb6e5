"""What a failure is taken for: memory that ran out is named so, whichever part of the computer it was."""

import pytest
import torch

from studio.core.failures import explain, is_out_of_memory


@pytest.mark.parametrize(
    "words",
    [
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to",
        "[enforce fail at alloc_cpu.cpp:83] data. DefaultCPUAllocator: not enough memory: you tried to allocate",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
        "could not create a primitive",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "MPS backend out of memory (MPS allocated: 8.85 GiB, other allocations: 1.02 MiB, max allowed: 9.07 GiB)",
    ],
)
def test_every_allocator_s_way_of_saying_that_memory_ran_out_is_known(words):
    assert is_out_of_memory(RuntimeError(words))
    assert explain(RuntimeError(words)).cause == "The computer ran out of memory."
    assert not is_out_of_memory(ValueError(words))


def test_an_allocation_that_cannot_be_is_memory_that_ran_out():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."))
    assert not is_out_of_memory(RuntimeError("shapes cannot be multiplied"))
