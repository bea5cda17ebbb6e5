"""What sets two worlds apart is told before critics find it out."""

import numpy as np
import pytest
from picture_files import save, save_scenes, scene

from studio.core.events import finish
from studio.core.failures import StudioError
from studio.training.data.inspection import examine
from studio.training.data.sources import Reading
from studio.training.data.worlds import comparing_worlds, examining_pairs


def together(*folders, size=32):
    return finish(comparing_worlds([finish(examine([folder], size=size)) for folder in folders], size))


def found(report):
    return {finding.kind: finding for finding in report.findings}


def test_worlds_that_differ_only_in_what_they_show_are_fine(tmp_path):
    save_scenes(tmp_path / "a", 6)
    save_scenes(tmp_path / "b", 6, first=40)
    report = together(tmp_path / "a", tmp_path / "b")
    assert report.findings == ()
    assert report.headline == "A and B differ only in what they show"
    assert report.facts.splitlines()[0].startswith("A: 6 pictures, mostly of 64 px · lightness ")


def test_what_lies_in_both_is_found_though_it_was_saved_again(tmp_path):
    save_scenes(tmp_path / "a", 4)
    save_scenes(tmp_path / "b", 4, first=40)
    save(tmp_path / "b" / "again.jpg", scene(seed=2), quality=80)
    finding = found(together(tmp_path / "a", tmp_path / "b"))["in_both"]
    assert finding.severity == "warning"
    assert finding.found == "1 picture of A looks like one of B"
    assert [path.name for path in finding.files] == ["002.png", "again.jpg"]


def test_numbers_and_sizes_that_differ_much_are_told(tmp_path):
    save_scenes(tmp_path / "a", 9, width=200, height=160)
    save_scenes(tmp_path / "b", 2, first=40, width=60, height=40)
    findings = found(together(tmp_path / "a", tmp_path / "b"))
    assert findings["imbalance"].found == "A has 9 pictures, B only 2"
    assert "about 4 times" in findings["imbalance"].does
    assert findings["sharpness"].found == "Pictures of B are smaller (40 px) than those of A (160 px)"


def test_light_cast_and_contrast_are_compared(tmp_path):
    for number in range(3):
        picture = scene(seed=number)
        save(tmp_path / "a" / f"{number}.png", picture)
        pale = np.clip(150 + 0.3 * picture.astype(np.float32) + np.array([20, 0, -20]), 0, 255)
        save(tmp_path / "b" / f"{number}.png", np.flipud(pale).astype(np.uint8).copy())
    said = [finding.found for finding in together(tmp_path / "a", tmp_path / "b").findings]
    assert [words.partition(":")[0] for words in said] == ["A is darker", "B is warmer", "B is paler"]


def test_pairs_are_told_by_their_names(tmp_path):
    save_scenes(tmp_path / "drawing", 3)
    save_scenes(tmp_path / "photo", 4)
    report = finish(examining_pairs([tmp_path / "drawing", tmp_path / "photo"], Reading(side="a"), 32))
    assert report.headline.startswith("3 pairs")
    assert {"sides", "unpaired", "few"} <= found(report).keys()
    save_scenes(tmp_path / "other", 2, first=7)
    with pytest.raises(StudioError, match="no pictures of equal names"):
        finish(examining_pairs([tmp_path / "drawing", tmp_path / "other"], Reading(), 32))
