"""The data doctor finds what there is to find, and what it promises is what the cache does."""

import itertools
import sys

import numpy as np
import pytest
from picture_files import (
    cmyk_jpeg,
    deep_png,
    float_tiff,
    headless_jpeg,
    huge_png,
    moving_gif,
    palette_png,
    save,
    save_scenes,
    scene,
    truncated_jpeg,
    turned_jpeg,
)
from PIL import Image

from studio.core.events import Progress, finish
from studio.training.data.cache import caching_pictures
from studio.training.data.inspection import examine
from studio.training.data.sources import Reading


def look(*sources, size=32, **options):
    return finish(examine(sources, size=size, **options))


def finding(report, kind):
    return next(each for each in report.findings if each.kind == kind)


def names_of(finding):
    return [path.name for path in finding.files]


def kinds(report):
    return {each.kind for each in report.findings}


def test_nothing_to_say_about_good_pictures(tmp_path):
    save_scenes(tmp_path, 20)
    report = look(tmp_path)
    assert report.findings == ()
    assert (report.total, report.usable, report.formats) == (20, 20, (("PNG", 20),))
    assert report.summary == "20 pictures, shorter side 64 px"
    assert report.decoded_bytes == 20 * 3 * 32 * 48


def test_broken_files_are_named_and_left_out(tmp_path):
    save_scenes(tmp_path, 2)
    truncated_jpeg(tmp_path / "half.jpg")
    headless_jpeg(tmp_path / "noise.jpg")
    huge_png(tmp_path / "huge.png")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.jpg").write_text("I am a text")
    report = look(tmp_path)
    found = finding(report, "broken")
    assert found.sentence == "5 broken files: they are left out."
    assert (found.severity, names_of(found)) == (
        "warning", ["empty.png", "half.jpg", "huge.png", "noise.jpg", "words.jpg"],
    )  # fmt: skip
    assert (report.total, report.usable) == (7, 2)
    assert report.summary == "2 of 7 pictures, shorter side 64 px"


@pytest.mark.parametrize(("kind", "write", "name"), [
    ("cmyk", cmyk_jpeg, "x.jpg"), ("deep", deep_png, "x.png"), ("deep", float_tiff, "x.tif"),
    ("transparent", palette_png, "x.png"), ("turned", turned_jpeg, "x.jpg"), ("moving", moving_gif, "x.gif"),
])  # fmt: skip
def test_unusual_pictures_are_used_and_named(tmp_path, kind, write, name):
    save_scenes(tmp_path, 2)
    write(tmp_path / name)
    report = look(tmp_path)
    assert names_of(finding(report, kind)) == [name]
    assert kinds(report) == {kind, "few"}
    assert report.usable == 3


def test_grey_pictures_in_grey_and_in_colour_files(tmp_path):
    grey = np.asarray(Image.fromarray(scene()).convert("L"))
    save(tmp_path / "grey.png", grey)
    save(tmp_path / "as colours.jpg", np.repeat(255 - grey[..., None], 3, axis=2))
    save(tmp_path / "colours.png", scene(seed=3))
    assert names_of(finding(look(tmp_path), "grey")) == ["as colours.jpg", "grey.png"]


def test_an_alpha_channel_that_hides_nothing_is_not_worth_a_word(tmp_path):
    save(tmp_path / "x.png", np.dstack([scene(), np.full((64, 96), 255, np.uint8)]))
    assert kinds(look(tmp_path)) == {"few"}


def test_turned_pictures_count_as_they_stand_upright(tmp_path):
    turned_jpeg(tmp_path / "x.jpg", scene(96, 64))
    assert look(tmp_path).sizes == ((64, 96),)


def test_duplicates_count_once_and_lookalikes_are_named(tmp_path):
    original = save(tmp_path / "a.png", scene(200, 120, seed=1))
    (tmp_path / "b.png").write_bytes(original.read_bytes())
    save(tmp_path / "c.jpg", scene(200, 120, seed=1), quality=60)
    save(tmp_path / "d.jpg", np.asarray(Image.open(original).resize((100, 60))))
    save(tmp_path / "e.png", scene(200, 120, seed=2))
    report = look(tmp_path)
    assert names_of(finding(report, "duplicate")) == ["b.png"]
    assert names_of(finding(report, "alike")) == ["a.png", "c.jpg", "d.jpg"]
    assert report.usable == 4


def test_small_and_long_pictures(tmp_path):
    save_scenes(tmp_path, 3)
    save(tmp_path / "strip.png", scene(400, 64, seed=9))
    save(tmp_path / "tiny.png", scene(20, 16, seed=8))
    report = look(tmp_path)
    assert names_of(finding(report, "small")) == ["tiny.png"]
    assert finding(report, "small").severity == "info"
    assert names_of(finding(report, "long")) == ["strip.png"]
    assert finding(look(tmp_path, size=100), "small").severity == "warning"  # most of them are


def test_warnings_come_first(tmp_path):
    save_scenes(tmp_path, 3)
    moving_gif(tmp_path / "x.gif")
    truncated_jpeg(tmp_path / "y.jpg")
    assert [each.severity for each in look(tmp_path).findings] == ["warning", "warning", "info"]


def test_classes_are_counted_and_compared(tmp_path):
    save_scenes(tmp_path / "horse", 12)
    save_scenes(tmp_path / "house", 2, first=50)
    (tmp_path / "house" / "wrong.png").write_bytes((tmp_path / "horse" / "003.png").read_bytes())
    save(tmp_path / "beside.png", scene(seed=99))
    report = look(tmp_path, reading=Reading("classes"))
    assert report.classes == (("horse", 12), ("house", 2))
    assert names_of(finding(report, "two_classes")) == ["wrong.png"]
    assert names_of(finding(report, "loose")) == ["beside.png"]
    assert finding(report, "few_of_a_class").found == "Few pictures of “house” (2)"
    assert finding(report, "uneven").found == "“horse” has 12 pictures, “house” only 2"
    assert report.summary == "14 of 15 pictures in 2 classes, shorter side 64 px"


def test_all_broken_is_reported_rather_than_raised(tmp_path):
    truncated_jpeg(tmp_path / "x.jpg")
    report = look(tmp_path)
    assert (report.usable, report.summary, kinds(report)) == (0, "None of 1 files can be used.", {"broken"})


def test_what_the_doctor_promises_is_what_the_cache_does(tmp_path):
    data = tmp_path / "data"
    save_scenes(data, 4)
    (data / "again.png").write_bytes((data / "001.png").read_bytes())
    for number, write in enumerate((truncated_jpeg, headless_jpeg, cmyk_jpeg)):
        write(data / f"{number}.jpg")
    for number, write in enumerate((huge_png, deep_png, palette_png)):
        write(data / f"{number}.png")
    moving_gif(data / "m.gif")
    float_tiff(data / "f.tif")
    report = look(data)
    cache = finish(caching_pictures(sorted(data.iterdir()), tmp_path / "cache", side=32))
    assert cache.files == report.files
    assert sum(cache[number].nbytes for number in range(len(cache))) == report.decoded_bytes
    left_out = finding(report, "broken").files + finding(report, "duplicate").files
    assert {each.path for each in cache.left_out} == set(left_out)


def test_can_be_stopped_at_any_time(tmp_path):
    save_scenes(tmp_path, 30)
    for steps in (0, 1, 2, 3):
        job = examine([tmp_path], size=32)
        assert all(isinstance(event, Progress) for event in itertools.islice(job, steps))
        job.close()


def test_the_classes_of_several_folders_are_joined_by_name(tmp_path):
    for number, name in enumerate(("a/horse", "a/house", "b/house", "b/ship")):
        save_scenes(tmp_path / name, 10, first=20 * number)
    assert look(tmp_path / "a", tmp_path / "b", reading=Reading("classes")).classes == (
        ("horse", 10),
        ("house", 20),
        ("ship", 10),
    )


def test_folders_that_divide_the_data_are_said_in_words(tmp_path):
    for part, count in (("train", 20), ("valid", 5)):
        for number, name in enumerate(("cat", "dog")):
            save_scenes(tmp_path / part / name, count, first=100 * number + 50 * (part == "valid"))
    (tmp_path / "models").mkdir()
    (tmp_path / "valid" / "dog" / "again.png").write_bytes((tmp_path / "train" / "dog" / "100.png").read_bytes())
    report = look(tmp_path, reading=Reading("classes"))
    assert (
        finding(report, "split").sentence
        == "“train” and “valid” divide the data: it learns from 40 and is checked on 10."
    )
    assert finding(report, "beside").sentence == (
        "“models” beside the folders that divide the data: what lies there is left out."
    )
    assert names_of(finding(report, "leaked")) == ["again.png"]
    assert (report.usable, report.taught, report.kept) == (50, 40, 10)
    assert report.classes == (("cat", 25), ("dog", 25))


def test_that_only_a_part_is_worked_on_is_said(tmp_path):
    for number, name in enumerate(("cat", "dog")):
        save_scenes(tmp_path / name, 40, first=100 * number)
    report = look(tmp_path, reading=Reading("classes", share=0.1))
    assert finding(report, "share").sentence == (
        "Only 10 % of 80, to try things out: 8 are drawn by the seed, of every class as large a part."
    )
    assert report.classes == (("cat", 4), ("dog", 4))


def test_channel_means_and_deviations_are_those_of_all_pixels(tmp_path):
    """Over pictures of one size: mean and standard deviation of every channel, 0–1, as datasets are normalised by."""
    values = np.random.default_rng(1).integers(0, 256, (6, 64, 64, 3), np.uint8)
    for number, pixels in enumerate(values):
        save(tmp_path / "train" / f"{number}.png", pixels)
    save(tmp_path / "valid" / "x.png", np.zeros((64, 64, 3), np.uint8))  # measured on, and so without a say
    report = look(tmp_path)
    np.testing.assert_allclose(report.means, values.reshape(-1, 3).mean(axis=0) / 255, atol=1e-6)
    np.testing.assert_allclose(report.deviations, values.reshape(-1, 3).std(axis=0) / 255, atol=1e-6)


def test_an_idx_set_is_measured_and_its_split_told(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 6, 6), np.uint8)
    labels = np.arange(40, dtype=np.uint8) % 2
    for stem, part in (("train", slice(0, 30)), ("t10k", slice(30, 40))):
        for kind, dimensions, each in (("images", 3, pictures[part]), ("labels", 1, labels[part])):
            header = bytes([0, 0, 8, dimensions]) + b"".join(size.to_bytes(4, "big") for size in each.shape)
            (tmp_path / f"{stem}-{kind}-idx{dimensions}-ubyte").write_bytes(header + each.tobytes())
    report = look(tmp_path, reading=Reading("classes"))
    assert (
        finding(report, "split").sentence
        == "“train” and “t10k” divide the data: it learns from 30 and is checked on 10."
    )
    assert report.means == pytest.approx((pictures[:30].mean() / 255,) * 3)
    assert report.deviations == pytest.approx((pictures[:30].std() / 255,) * 3)
    tenth = look(tmp_path, reading=Reading("classes", share=0.1))
    assert (tenth.taught, tenth.kept) == (4, 2)


def test_needs_no_torch():
    import subprocess

    code = "import sys, studio.jobs.examine, studio.training.data.cache, studio.training.data.variation\n"
    result = subprocess.run(
        [sys.executable, "-c", code + "print('torch' in sys.modules)"], capture_output=True, text=True
    )
    assert result.stdout == "False\n", result.stderr
