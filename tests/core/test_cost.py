"""What a picture costs here: remembered pace, free memory, and the words for both."""

import pytest

from studio.core.cost import Cost, Pace, PaceMemo, available_memory
from studio.core.device import Device

CPU = Device("cpu", "Some processor", 8 << 30)


def test_nothing_is_said_about_what_was_never_measured():
    assert Pace({}).at(1000) is None
    assert Cost(100, 50).words == ""
    assert Cost(100, 50, None, 10**9, None).fits


def test_one_measurement_counts_by_the_pixel():
    assert Pace({10_000: 0.02}).at(40_000) == pytest.approx(0.08)


def test_several_measurements_tell_the_fixed_part_from_that_of_each_pixel():
    pace = Pace({pixels: 0.01 + 2e-7 * pixels for pixels in (10_000, 40_000, 160_000, 640_000)})
    assert pace.at(80_000) == pytest.approx(0.01 + 2e-7 * 80_000)
    assert pace.at(2_560_000) == pytest.approx(0.01 + 2e-7 * 2_560_000)


def test_a_larger_size_never_takes_less_however_odd_the_measurements():
    pace = Pace({10_000: 0.5, 160_000: 0.1, 640_000: 0.4})  # the first one on a busy machine
    times = [pace.at(pixels) for pixels in (1000, 10_000, 100_000, 1_000_000)]
    assert times == sorted(times)
    assert times[0] > 0


def test_the_memo_knows_each_network_and_lets_newer_measurements_stand(tmp_path):
    memo = PaceMemo(tmp_path / "cache" / "pace.json")
    assert memo.read() == {}
    memo.learn("slim", CPU, {10_000: 0.1, 40_000: 0.4})
    memo.learn("slim", CPU, {10_400: 0.2})
    memo.learn("vgg", CPU, {10_000: 1.0})
    memo.learn("nothing", CPU, {})
    known = memo.read()
    assert dict(known["slim"].seconds) == {40_000: 0.4, 10_400: 0.2}
    assert known["slim"].memory is None
    assert set(known) == {"slim", "vgg"}


def test_another_device_starts_from_nothing(tmp_path):
    memo = PaceMemo(tmp_path / "pace.json")
    memo.learn("slim", CPU, {10_000: 0.1})
    memo.learn("slim", Device("cuda", "Some card", 6 << 30), {40_000: 0.001})
    pace = memo.read()["slim"]
    assert (dict(pace.seconds), pace.kind, pace.room) == ({40_000: 0.001}, "cuda", 6 << 30)


def test_a_damaged_memo_knows_nothing(tmp_path):
    file = tmp_path / "pace.json"
    file.write_text('{"slim": {"kind": "cpu", "memory": null, "seconds": {"many": 1}}, "vgg": 3}', encoding="utf-8")
    assert PaceMemo(file).read() == {}


def test_this_computers_free_memory_is_known():
    free = available_memory()
    assert free is None or 10**6 < free < 10**14


def test_time_and_memory_are_said_in_words():
    assert Cost(1024, 683, 24.3, 600_000_000).words == "about 24 seconds · 0.6 GB"
    assert Cost(512, 341, 9.0, 100_000_000).words == "about 9 seconds"  # so little memory is not worth a word


def test_what_there_is_no_memory_for_is_refused_with_a_remedy():
    cost = Cost(6000, 4000, 900.0, 20_000_000_000, 12_000_000_000)
    assert not cost.fits
    refusal = cost.refusal(4000)
    assert refusal.cause == "6000 × 4000 px would take about 20.0 GB of memory, and 12.0 GB are free."
    assert refusal.remedy.startswith("Choose up to 4000 px")
