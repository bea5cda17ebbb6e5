"""The endless shuffled stream: every example once an epoch, the same whoever prepares it, wherever it goes on."""

import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from loader_kit import FAULTY, Deadly, Numbers, Views, WithFaults
from picture_files import save_scenes

from studio.core.events import finish
from studio.training.data.cache import caching_pictures
from studio.training.data.loader import ExampleError, ExampleLoader, suitable_workers
from studio.training.data.sampler import Sampler, seed_of

ROOT = Path(__file__).parents[3]


def equal(one, other):
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@given(count=st.integers(1, 60), seed=st.integers(0, 2**63), epoch=st.integers(0, 1000))
def test_every_example_comes_once_an_epoch(count, seed, epoch):
    order = Sampler(count, seed)
    drawn = [order.example(draw) for draw in range(epoch * count, (epoch + 1) * count)]
    assert sorted(drawn) == list(range(count))


@given(seed=st.integers(0, 2**32), draws=st.lists(st.integers(0, 500), max_size=20))
def test_a_draw_does_not_depend_on_those_before(seed, draws):
    order, fresh = Sampler(17, seed), [Sampler(17, seed).example(draw) for draw in draws]
    assert [order.example(draw) for draw in draws] == fresh


def test_epochs_and_seeds_differ_in_their_order():
    commands = {
        tuple(Sampler(50, seed).example(epoch * 50 + n) for n in range(50)) for seed in (0, 1) for epoch in (0, 1)
    }
    assert len(commands) == 4


def test_the_order_is_the_same_for_ever():
    """A run may be resumed by a later version, with later libraries."""
    assert [Sampler(8, 1).example(draw) for draw in range(10)] == ORDER_OF_8
    assert seed_of("draw", 1, 2) == SEED


ORDER_OF_8 = [6, 2, 1, 5, 3, 7, 0, 4, 0, 6]
SEED = 4648138285977527564


@given(first=st.integers(0, 100), count=st.integers(1, 24), world=st.integers(1, 6))
def test_shares_in_the_order_of_ranks_are_the_whole_batch(first, count, world):
    if count < world:
        return
    examples = Numbers(11)
    with ExampleLoader(examples, 5) as alone:
        whole = alone.batch(first, count, 3)
    shares = []
    for rank in range(world):
        with ExampleLoader(examples, 5, world=world, rank=rank) as loader:
            shares.append(loader.batch(first, count, 3))
    assert equal(whole, tuple(map(torch.cat, zip(*shares, strict=True))))
    assert all(len(share[0]) in (count // world, -(-count // world)) for share in shares)


def test_batches_are_cuts_of_one_stream():
    with ExampleLoader(Numbers(7), 3) as loader:
        whole = loader.batch(0, 20, 2)
        parts = [loader.batch(0, 3, 2), loader.batch(3, 9, 2), loader.batch(12, 8, 2)]
    assert equal(whole, tuple(map(torch.cat, zip(*parts, strict=True))))
    assert sorted(whole[0][:7].tolist()) == sorted(whole[0][7:14].tolist()) == list(range(7))


def test_the_same_example_varies_from_epoch_to_epoch():
    with ExampleLoader(Numbers(1), 3) as loader:
        numbers = loader.batch(0, 50, 1)[1]
    assert len(set(numbers.flatten().tolist())) == 50


def test_what_goes_on_from_anywhere_is_the_same():
    with ExampleLoader(Numbers(9), 3) as loader:
        change_log = [loader.batch(4 * step, 4, 5) for step in range(6)]
    with ExampleLoader(Numbers(9), 3) as resumed:
        assert equal(resumed.batch(16, 4, 5), change_log[4])
        assert equal(resumed.batch(0, 4, 5), change_log[0])  # set back
        assert equal(resumed.batch(20, 4, 5), change_log[5])


def test_every_data_set_has_a_stream_of_its_own():
    with ExampleLoader(Numbers(9), 3) as alone, ExampleLoader(Numbers(9), 3, others=[Numbers(9), Numbers(4)]) as loader:
        batches = {number: loader.batch(0, 9, 2, number) for number in (1, 0, 2)}
        assert equal(batches[0], alone.batch(0, 9, 2))
        assert not equal(batches[1], batches[0])
        assert sorted(batches[2][0][:4].tolist()) == [0, 1, 2, 3]
        parts = [loader.batch(0, 4, 2, 1), loader.batch(3, 2, 2), loader.batch(4, 5, 2, 1)]  # another in between
        assert equal(batches[1], tuple(map(torch.cat, zip(parts[0], parts[2], strict=True))))


@pytest.fixture(scope="module")
def helped(tmp_path_factory):
    """A loader with two workers, which several tests share: to start them takes seconds."""
    folder = tmp_path_factory.mktemp("scenes")
    pictures = finish(caching_pictures(save_scenes(folder, 11), folder / "cache", side=64))
    with ExampleLoader(Views(pictures), 7, workers=2) as loader:
        yield pictures, loader
    assert multiprocessing.active_children() == []


def test_workers_change_nothing(helped):
    """Nor do the threads that an operation uses: the workers have one each."""
    pictures, loader = helped
    first, second = [(0, 5, 64), (5, 5, 64), (10, 5, 64)], [(15, 2, 200), (17, 2, 200)]
    requests = [*first, *second, (3, 1, 200)]  # size and batch change, then a step back
    with ExampleLoader(Views(pictures), 7) as here:
        expected = [here.batch(*request) for request in requests]
    assert all(equal(loader.batch(*request), batch) for request, batch in zip(requests, expected, strict=True))


def test_the_next_batch_is_prepared_meanwhile():
    drawn = threading.Semaphore(0)

    class Counted(Numbers):
        def draw(self, index, generator, size):
            drawn.release()
            return super().draw(index, generator, size)

    with ExampleLoader(Counted(9), 3) as loader:
        loader.batch(0, 4, 1)
        for _ in range(8):  # four that were asked for, and four more
            assert drawn.acquire(timeout=30)


def test_waiting_breathes_and_is_counted():
    enough = threading.Event()

    class Slow(Numbers):
        def draw(self, index, generator, size):
            assert enough.wait(timeout=60)
            return super().draw(index, generator, size)

    with ExampleLoader(Slow(3), 3) as loader:
        fetching = loader.fetching(0, 3, 1)
        for _ in range(3):
            next(fetching)
        enough.set()
        for _ in fetching:
            pass
        assert loader.seconds_waited > 0


def draw_of(index, count, seed):
    return next(draw for draw in range(count) if Sampler(count, seed).example(draw) == index)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_fault_names_the_file_and_keeps_the_others_usable(workers, request):
    loader = request.getfixturevalue("helped")[1] if workers else ExampleLoader(WithFaults(11), 7)
    first, second, third = (draw_of(index, 11, seed=7) for index in range(3))
    with pytest.raises(ExampleError, match=r"“photo 0\.jpg” could not be prepared .*ValueError: no picture inside"):
        loader.batch(first, 1, FAULTY)
    with pytest.raises(ExampleError, match=r"“photo 1\.jpg” .*It lies on a disk that is gone"):
        loader.batch(second, 1, FAULTY)
    assert loader.batch(third, 1, FAULTY)[0].tolist() == [2]
    if not workers:
        loader.close()


def test_a_fault_in_what_is_prepared_ahead_waits_until_it_is_asked_for():
    seed = next(seed for seed in range(100) if Sampler(3, seed).example(0) == 2)
    with ExampleLoader(WithFaults(3), seed) as loader:
        loader.batch(0, 1, FAULTY)
        with pytest.raises(ExampleError):
            loader.batch(1, 1, FAULTY)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_worker_ends_the_workers_not_the_run(tmp_path):
    with ExampleLoader(Numbers(6), 3) as here, ExampleLoader(Deadly(6, tmp_path / "x"), 3, workers=1) as loader:
        assert equal(loader.batch(0, 6, 2), here.batch(0, 6, 2))
        assert "goes on without helpers" in loader.trouble
        assert equal(loader.batch(6, 6, 2), here.batch(6, 6, 2))


def test_nothing_is_left_running():
    threads, children = set(threading.enumerate()), set(multiprocessing.active_children())
    with ExampleLoader(Numbers(6), 3) as loader:
        loader.batch(0, 4, 1)
    loader.close()  # once more does no harm
    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert set(multiprocessing.active_children()) <= children


def test_closed_is_not_the_end():
    loader = ExampleLoader(Numbers(6), 3)
    first = loader.batch(0, 4, 1)
    loader.close()
    assert equal(loader.batch(0, 4, 1), first)
    loader.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_of_a_killed_run_end_by_themselves():
    code = """
import multiprocessing, os, sys
sys.path.insert(0, "tests/training/data")
from loader_kit import Numbers
from studio.training.data.loader import ExampleLoader
if __name__ == "__main__":
    loader = ExampleLoader(Numbers(9), 0, workers=1)
    loader.batch(0, 2, 1)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    os.kill(os.getpid(), 9)
"""
    script = ROOT / "tests" / "training" / "data"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{script}"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    workers = [int(word) for word in process.stdout.split()]
    assert len(workers) == 1
    for _ in range(600):
        if not Path(f"/proc/{workers[0]}").exists():
            return
        state = Path(f"/proc/{workers[0]}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the worker lives on")


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="nothing to draw"):
        ExampleLoader(Numbers(0), 0)
    with pytest.raises(ValueError, match="rank 2 of 2"):
        ExampleLoader(Numbers(1), 0, world=2, rank=2)
    with ExampleLoader(Numbers(5), 0, world=3) as loader, pytest.raises(ValueError, match="cannot be shared"):
        loader.batch(0, 2, 1)


def test_where_the_processor_trains_nobody_disturbs_it():
    assert suitable_workers("cpu") == 0
    assert 1 <= suitable_workers("cuda") <= 8
