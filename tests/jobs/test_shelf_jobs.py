"""The shelf's jobs by their names in the catalogue, as the window and the command line start them."""

import threading

import pytest
import torch
from job_kit import heard
from weights_server import manifest_of, open_shop, part_of_vgg

from studio.core.controls import Controls
from studio.core.events import Log
from studio.core.failures import StudioError
from studio.core.known_networks import PackagedWeights, packaged_weights
from studio.core.model_shelf import DownloadTask, ImportTask, ListTask, ModelShelf, RemoveTask, VerifyTask
from studio.core.partial_files import Patience
from studio.core.settings import Settings
from studio.jobs import catalog


def run(name, task):
    """Run a job to its end; returns what it said and its result."""
    return heard(catalog.start(name, task, Controls(Settings())))


@pytest.fixture
def shop(tmp_path):
    shop = open_shop(part_of_vgg(tmp_path / "published.pth").read_bytes())
    yield shop
    shop.close()


@pytest.fixture
def shelf(shop, tmp_path):
    """A shelf that knows one network, from a real server."""
    return ModelShelf(tmp_path / "models", packaged=PackagedWeights(tmp_path, manifest_of(shop)), hub=tmp_path / "hub")


def test_a_network_comes_is_checked_imported_listed_and_goes(shelf, shop, tmp_path):
    _, listed = run("list_shelf", ListTask(shelf))
    assert [(entry.name, entry.state) for entry in listed] == [("net", "missing")]
    said, entry = run("download_weights", DownloadTask("net", shelf))
    assert any(event.heading == "Downloading Net" for event in said)
    assert (entry.state, entry.path) == ("present", tmp_path / "models" / "net-0.pth")
    assert entry.path.read_bytes() == shop.body
    assert run("verify_weights", VerifyTask("net", shelf))[1] == entry
    said, again = run("download_weights", DownloadTask("net", shelf))
    assert again == entry
    assert [event.message for event in said if isinstance(event, Log)] == ["Net is here already."]
    assert len(shop.asked) == 1
    torch.save(torch.load(entry.path, weights_only=True) | {"2.bias": torch.ones(64)}, tmp_path / "mine.pth")
    _, mine = run("import_weights", ImportTask(tmp_path / "mine.pth", shelf))
    _, listed = run("list_shelf", ListTask(shelf))
    assert listed == (entry, mine)
    assert run("remove_weights", RemoveTask("mine", shelf))[1].state == "missing"
    assert run("remove_weights", RemoveTask("net", shelf))[1].state == "missing"
    assert list((tmp_path / "models").iterdir()) == []


def test_a_damaged_file_is_replaced_by_a_download(shelf, shop, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net-0.pth").write_bytes(shop.body[:-1] + b"?")
    assert run("verify_weights", VerifyTask("net", shelf))[1].state == "damaged"
    assert run("download_weights", DownloadTask("net", shelf))[1].state == "present"
    assert (tmp_path / "models" / "net-0.pth").read_bytes() == shop.body


def test_a_cancelled_download_shows_what_is_there_and_goes_on_from_it(shelf, shop, tmp_path):
    shop.stall_at = [5000]
    job = catalog.start("download_weights", DownloadTask("net", shelf, Patience(stall_s=5)), Controls(Settings()))
    while next(job).done < 5000:
        pass
    job.close()
    (entry,) = shelf.entries()
    assert (entry.state, entry.removable) == ("missing", True)
    assert not [thread for thread in threading.enumerate() if thread.name == "download"]
    assert run("download_weights", DownloadTask("net", shelf))[1].state == "present"
    assert shop.ranges[-1] == "bytes=5000-"


def test_what_only_comes_with_the_studio_cannot_be_downloaded(tmp_path):
    manifest = packaged_weights().manifest
    shelf = ModelShelf(tmp_path / "models", packaged=PackagedWeights(tmp_path, manifest), hub=tmp_path)
    with pytest.raises(StudioError, match="Atelier Slim cannot be downloaded"):
        run("download_weights", DownloadTask("atelier-slim", shelf))
