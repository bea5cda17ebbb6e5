"""What is done with the model shelf, as jobs: so that no window waits for a disk or a server."""

from typing import Any

from studio.core.controls import Controls
from studio.core.downloads import download
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.model_shelf import DownloadTask, ImportTask, ListTask, RemoveTask, ShelfEntry, VerifyTask


def list_shelf(task: ListTask, controls: Controls[Any]) -> Job[tuple[ShelfEntry, ...]]:
    """Look what is there."""
    yield Progress("Looking for networks")
    return task.shelf.entries()


def download_weights(task: DownloadTask, controls: Controls[Any]) -> Job[ShelfEntry]:
    """Fetch a known network into the user's folder; one that is here and sound is left as it is.

    Raises:
        StudioError: it cannot be had.

    """
    entry, network = task.shelf.entry(task.name), task.shelf.known(task.name)
    if entry.is_here:
        yield Log(f"{entry.label} is here already.")
        return entry
    if network is None or not network.url:
        raise StudioError(f"{entry.label} cannot be downloaded.", "Import its file instead.")
    yield from download(network, task.shelf.folder, task.patience)
    return task.shelf.entry(task.name)


def verify_weights(task: VerifyTask, controls: Controls[Any]) -> Job[ShelfEntry]:
    """Read a network's file and compare its checksum; the entry's state tells the result.

    Raises:
        StudioError: there is no such network, or no file of it.

    """
    return (yield from task.shelf.checking(task.name))


def import_weights(task: ImportTask, controls: Controls[Any]) -> Job[ShelfEntry]:
    """Copy a weights file into the user's folder, once it is clear which network it holds.

    Raises:
        StudioError: it holds none, or cannot be copied.

    """
    return (yield from task.shelf.importing(task.path))


def remove_weights(task: RemoveTask, controls: Controls[Any]) -> Job[ShelfEntry]:
    """Delete a network's file from the user's folder.

    Raises:
        StudioError: there is none.

    """
    yield Progress(f"Removing {task.name}")
    return task.shelf.remove(task.name)
