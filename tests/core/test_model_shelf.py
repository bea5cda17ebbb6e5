import hashlib
import os
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from studio.core.events import Log, Progress
from studio.core.failures import StudioError
from studio.core.known_networks import Manifest, PackagedWeights, packaged_weights
from studio.core.model_shelf import ModelShelf
from studio.core.partial_files import Origin, PartialFile

ARCHITECTURES = packaged_weights().manifest.architectures


def part_of_vgg(path, seed=0):
    """Write a small real file: normalised VGG-19 to relu1_1, 8 KB."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {"0.weight": torch.randn(3, 3, 1, 1, generator=generator), "0.bias": torch.zeros(3)}
    tensors |= {"2.weight": torch.randn(64, 3, 3, 3, generator=generator), "2.bias": torch.zeros(64)}
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    return path


def told(**changes):
    """What a manifest says of a network."""
    facts = {
        "name": "net", "label": "Net", "task": "backbone", "architecture": "vgg19_normalised",
        "source": "https://nowhere.invalid/net-0.pth", "file": "net-0.pth", "size": 1, "sha256": "0" * 64,
        "licence": "free", "trained_on": "nothing", "good_for": "Good for tests.", "taps": ["relu1_1", "relu1_2"],
    }  # fmt: skip
    return facts | changes


class Places:
    """A shelf that knows two networks, one of them packaged, and everywhere that a file of theirs may lie."""

    def __init__(self, root):
        self.folder, self.hub, self.package = root / "models", root / "hub", root / "package"
        self.hub.mkdir()
        self.package.mkdir()
        self.published = part_of_vgg(root / "published.pth", seed=1).read_bytes()
        self.packaged = part_of_vgg(root / "packaged.safetensors", seed=2).read_bytes()
        networks = [
            told(name="built-in", label="Built in", source="embedded", file="built-in.safetensors",
                 size=len(self.packaged), sha256=hashlib.sha256(self.packaged).hexdigest()),
            told(size=len(self.published), sha256=hashlib.sha256(self.published).hexdigest()),
        ]  # fmt: skip
        manifest = Manifest.model_validate({"version": 1, "architectures": ARCHITECTURES, "networks": networks})
        self._packaged = PackagedWeights(self.package, manifest)
        self.shelf = self.fresh()

    def fresh(self):
        """The shelf of the next start."""
        return ModelShelf(self.folder, packaged=self._packaged, hub=self.hub)

    def put(self, name, data):
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(data)
        return self.folder / name


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path)


def states(shelf):
    return {entry.name: (entry.state, entry.place) for entry in shelf.entries()}


def test_an_empty_computer_shows_what_could_be_there(places):
    assert states(places.shelf) == {"built-in": ("missing", "nowhere"), "net": ("missing", "nowhere")}
    assert not places.folder.exists()
    net = places.shelf.entry("net")
    assert (net.path, net.size, net.url) == (None, len(places.published), "https://nowhere.invalid/net-0.pth")
    assert (net.taps, net.removable, net.is_here) == (("relu1_1", "relu1_2"), False, False)
    assert "has come without it" in places.shelf.entry("built-in").note


def test_a_file_is_found_in_the_package_the_folder_and_torchs_cache(places):
    (places.package / "built-in.safetensors").write_bytes(places.packaged)
    (places.hub / "net-0.pth").write_bytes(places.published)
    assert states(places.shelf) == {"built-in": ("embedded", "package"), "net": ("present", "torch")}
    assert places.shelf.entry("net").path == places.hub / "net-0.pth"
    path = places.put("net-0.pth", places.published)
    assert states(places.shelf)["net"] == ("present", "folder")
    assert places.shelf.entry("net").path == path
    assert all(places.shelf.verify(name).is_here for name in ("built-in", "net"))


def test_what_is_cut_off_is_seen_at_once_and_a_sound_copy_elsewhere_is_preferred(places):
    half = places.published[: len(places.published) // 2]
    places.put("net-0.pth", half)
    entry = places.shelf.entry("net")
    assert entry.state == "damaged"
    assert "cut off" in entry.note
    (places.hub / "net-0.pth").write_bytes(places.published)
    assert states(places.shelf)["net"] == ("present", "torch")


def test_other_damage_is_found_by_verifying_and_remembered_until_the_file_changes(places):
    spoilt = bytearray(places.published)
    spoilt[-600] ^= 1
    path = places.put("net-0.pth", bytes(spoilt))
    assert places.shelf.entry("net").state == "present"
    assert places.shelf.verify("net").state == "damaged"
    entry = places.shelf.entry("net")
    assert (entry.state, entry.note) == ("damaged", "Its checksum is not that of the published file.")
    path.write_bytes(places.published)
    os.utime(path, ns=(1, 1))  # as any later write would, on a clock that is fine enough
    assert places.shelf.entry("net").state == "present"
    assert places.shelf.verify("net").state == "present"


def test_a_file_of_ones_own_may_stand_in_for_a_known_network(places, tmp_path):
    entry = places.shelf.import_file(part_of_vgg(tmp_path / "net-0.pth", seed=5))
    assert (entry.name, entry.label, entry.state) == ("net", "Net", "present")
    assert (entry.path, entry.taps) == (places.folder / "net.pth", ("relu1_1",))
    assert entry.note == "Good for tests. This is a file of your own, not the published one."
    other = places.shelf.import_file(part_of_vgg(tmp_path / "net.pth", seed=6))  # the place is taken now
    assert other.name == "net-2"
    places.shelf.remove("net")
    assert states(places.shelf)["net"] == ("missing", "nowhere")


def test_an_import_is_copied_recorded_and_found_again_by_name(places, tmp_path):
    source = part_of_vgg(tmp_path / "My VGG (part).pth", seed=3)
    said = []

    def listening():
        said.append((yield from places.shelf.importing(source)))

    events = list(listening())
    (entry,) = said
    assert {event.heading for event in events if isinstance(event, Progress)} == {
        "Looking into My VGG (part).pth", "Reading My VGG (part).pth", "Copying My VGG (part).pth"}  # fmt: skip
    assert entry.name == "My-VGG-part"
    assert entry.label == "VGG-19 normalised, to relu1_1"
    assert (entry.architecture, entry.taps, entry.state) == ("vgg19_normalised", ("relu1_1",), "present")
    assert entry.path == places.folder / "My-VGG-part.pth"
    assert entry.path.read_bytes() == source.read_bytes()
    assert "Imported from My VGG (part).pth. It ends early" in entry.note
    assert sorted(path.name for path in places.folder.iterdir()) == ["My-VGG-part.pth", "My-VGG-part.pth.json"]
    assert places.fresh().entry("My-VGG-part") == entry
    assert places.fresh().verify("My-VGG-part") == entry


def test_the_same_file_is_recognised_whatever_its_name(places, tmp_path):
    first = places.shelf.import_file(part_of_vgg(tmp_path / "one.pth"))
    shutil.copy(tmp_path / "one.pth", tmp_path / "two.pth")
    job = places.shelf.importing(tmp_path / "two.pth")
    logs = []
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            again = end.value
            break
        logs += [event.message] if isinstance(event, Log) else []
    assert again == first
    assert logs == ["two.pth is here already: VGG-19 normalised, to relu1_1."]
    assert len(list(places.folder.iterdir())) == 2


def test_another_file_of_the_same_name_gets_a_number_and_a_label_of_its_own(places, tmp_path):
    for number, folder in enumerate("ab"):
        (tmp_path / folder).mkdir()
        places.shelf.import_file(part_of_vgg(tmp_path / folder / "mine.pth", seed=number))
    labels = {entry.name: entry.label for entry in places.shelf.entries() if entry.name.startswith("mine")}
    assert labels.keys() == {"mine", "mine-2"}
    assert len(set(labels.values())) == 2


def test_the_published_file_is_recognised_by_its_checksum_under_any_name(places, tmp_path):
    (tmp_path / "download(1).pth").write_bytes(places.published)
    entry = places.shelf.import_file(tmp_path / "download(1).pth")
    assert (entry.name, entry.path, entry.note) == ("net", places.folder / "net-0.pth", "Good for tests.")
    assert [path.name for path in places.folder.iterdir()] == ["net-0.pth"]


def test_one_that_torch_has_already_is_not_copied(places, tmp_path):
    (places.hub / "net-0.pth").write_bytes(places.published)
    entry = places.shelf.import_file(places.hub / "net-0.pth")
    assert entry.place == "torch"
    assert not places.folder.exists()


def test_a_file_put_there_by_hand_is_listed_and_known_once_it_is_verified(places):
    places.folder.mkdir()
    part_of_vgg(places.folder / "by_hand.safetensors")
    entry = places.shelf.entry("by_hand")
    assert (entry.architecture, entry.taps, entry.state) == ("", (), "present")
    assert "by hand" in entry.note
    entry = places.shelf.verify("by_hand")
    assert (entry.architecture, entry.taps) == ("vgg19_normalised", ("relu1_1",))
    assert places.fresh().entry("by_hand") == entry
    (places.folder / "junk.pth").write_bytes(b"junk" * 99)
    assert places.shelf.verify("junk").state == "damaged"
    assert "is not a weights file" in places.shelf.entry("junk").note


def test_an_import_that_was_changed_afterwards_is_damaged(places, tmp_path):
    entry = places.shelf.import_file(part_of_vgg(tmp_path / "mine.pth"))
    other = part_of_vgg(tmp_path / "mine.pth", seed=9).read_bytes()
    entry.path.write_bytes(other)
    assert places.shelf.verify("mine").state == "damaged"
    entry.path.write_bytes(other + b"x")
    assert "changed since it was imported" in places.fresh().entry("mine").note


class Burglar:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_what_cannot_be_used_is_refused_with_the_reason_and_nothing_is_left(places, tmp_path):
    whole = part_of_vgg(tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[:-100])
    torch.save({"a": Burglar(tmp_path / "was-here")}, tmp_path / "burglar.pth")
    torch.save({"0.weight": torch.zeros(3, 3, 1, 1), "0.bias": torch.zeros(3), "2.weight": torch.zeros(64, 3, 5, 5),
                "2.bias": torch.zeros(64)}, tmp_path / "shapes.pth")  # fmt: skip
    torch.save({"a": torch.zeros(1)}, tmp_path / "stranger.pth")
    (tmp_path / "picture.png").write_bytes(b"x")
    for name, words in {
        "cut.pth": "cut.pth is cut off", "burglar.pth": "wants to run code", "picture.png": "not a weights file",
        "shapes.pth": "2.weight is 64×3×5×5, it should be 64×3×3×3", "stranger.pth": "none of the networks",
        "gone.pth": "is not there",
    }.items():  # fmt: skip
        with pytest.raises(StudioError, match=words) as caught:
            places.shelf.import_file(tmp_path / name)
        assert caught.value.remedy
    assert not (tmp_path / "was-here").exists()
    assert not places.folder.exists()


def test_an_import_that_is_stopped_leaves_nothing(places, tmp_path):
    job = places.shelf.importing(part_of_vgg(tmp_path / "mine.pth"))
    while not next(job).stage.startswith("Copying"):
        pass
    assert len(list(places.folder.iterdir())) == 1
    job.close()
    assert list(places.folder.iterdir()) == []


def test_only_files_in_the_users_folder_can_be_removed(places, tmp_path):
    (places.package / "built-in.safetensors").write_bytes(places.packaged)
    (places.hub / "net-0.pth").write_bytes(places.published)
    for name, words in {"built-in": "comes with Atelier", "net": "torch's own folder"}.items():
        with pytest.raises(StudioError, match=words):
            places.shelf.remove(name)
    places.put("net-0.pth", places.published)
    assert places.shelf.entry("net").removable
    assert places.shelf.remove("net").place == "torch"
    assert (places.hub / "net-0.pth").exists()
    places.shelf.import_file(part_of_vgg(tmp_path / "mine.pth"))
    gone = places.shelf.remove("mine")
    assert (gone.name, gone.state, gone.path) == ("mine", "missing", None)
    assert list(places.folder.iterdir()) == []
    with pytest.raises(StudioError, match="no network called “mine”"):
        places.shelf.remove("mine")


def test_an_unfinished_download_is_told_and_can_be_removed(places):
    partial = PartialFile(places.folder / "net-0.pth")
    places.folder.mkdir()
    partial.begin(Origin(url="https://nowhere.invalid/net-0.pth"))
    partial.path.write_bytes(places.published[:5000])
    entry = places.shelf.entry("net")
    assert (entry.state, entry.removable) == ("missing", True)
    assert "are here: downloading goes on from there" in entry.note
    assert not places.shelf.remove("net").removable
    assert list(places.folder.iterdir()) == []


def test_nothing_to_verify_says_how_to_get_it(places):
    with pytest.raises(StudioError, match="not on this computer") as caught:
        places.shelf.verify("net")
    assert "atelier models download net" in caught.value.remedy


def test_listing_needs_neither_torch_nor_a_network_library(places):
    part_of_vgg(places.put("mine.pth", b""))
    code = (
        "import sys; from pathlib import Path; from studio.core.model_shelf import ModelShelf\n"
        "names = [entry.name for entry in ModelShelf(Path(sys.argv[1])).entries()]\n"
        "print(names[-1], 'torch' in sys.modules, 'requests' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(places.folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "mine False False\n"
