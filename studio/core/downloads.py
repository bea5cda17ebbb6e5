"""Fetches the weights of a known network: goes on where it was interrupted, checks what came, then gives it its name.

The bytes so far lie in a `.part` file beside the place where the finished file will be. They are used again only if the
server still has the same version of the file (If-Range), and in the end the checksum decides.
"""

import re
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TypeAlias

import requests
import urllib3.exceptions
from filelock import FileLock, Timeout

from studio.core.atomic import move_into_place, write_error
from studio.core.checksums import hashing
from studio.core.events import Event, Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.http_reader import Answer, Ended, HttpReader
from studio.core.known_networks import KnownNetwork
from studio.core.network_troubles import Trouble, refusal, trouble_behind
from studio.core.partial_files import Origin, PartialFile, Patience
from studio.core.sizes import megabytes, of_megabytes

_BLINK_S = 0.03
"""The longest that a step waits for the network: other jobs run on the same thread."""
_PIECES = 8
"""The most that a step writes; a few megabytes."""
_SPARE = 16 * 2**20
"""Bytes that a download leaves free on the disk."""

Outcome: TypeAlias = str
"""Why a try did not get everything; "" where it did."""
_AGAIN = "the file changed on the server"


def download(network: KnownNetwork, folder: Path, patience: Patience | None = None) -> Job[Path]:
    """Fetch the file of `network` into `folder`; closed in the middle, it leaves what it got for the next time.

    Raises:
        StudioError: it could not be had; the remedy says how to get it by hand.

    """
    return (yield from _Download(network, folder, patience or Patience()).run())


class _Download:
    def __init__(self, network: KnownNetwork, folder: Path, patience: Patience) -> None:
        self._network = network
        self._folder = folder
        self._patience = patience
        self._target = folder / network.file
        self._partial = PartialFile(self._target)
        self._total = network.size
        self._told = False
        """Whether the server told the length; without, only the end of its answer says that all has come."""
        self._answered = False
        self._trouble: Trouble | None = None
        """What the newest try came to grief by, where more is known than that the connection broke."""

    def run(self) -> Job[Path]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._check_space(self._network.size - self._partial.size)
            with self._alone():
                yield from self._fetch_and_check()
                move_into_place(self._partial.path, self._target)
                self._partial.forget_origin()
        except OSError as error:
            raise write_error(self._target, error) from error
        return self._target

    def _fetch_and_check(self) -> Iterator[Event]:
        """Get a file with the right checksum; one that was pieced together wrongly is fetched once more as a whole."""
        pieced_together = yield from self._fetch()
        if (yield from self._is_right()):
            return
        self._partial.discard()
        if pieced_together:
            yield Log(f"What was there of {self._network.label} did not fit; it is fetched anew.", "warning")
            yield from self._fetch()
            if (yield from self._is_right()):
                return
            self._partial.discard()
        raise StudioError(
            f"What came as {self._network.label} is not the published file: its checksum is wrong.",
            "A network that asks for a login, or a proxy, may have sent a page of its own: "
            f"check that {self._network.url} opens in a browser, and try again.",
        )

    def _fetch(self) -> Generator[Event, None, bool]:
        """Get every byte, in as many tries as it takes; return whether it came in more than one piece."""
        in_vain, pieces = 0, int(self._partial.size > 0)
        while True:
            before = self._partial.size
            pieces += 1
            trouble = yield from self._try()
            if not trouble:
                return pieces > 1
            in_vain = 0 if self._partial.size > before else in_vain + 1
            stays = self._trouble is not None and self._trouble.stays
            if stays or not self._answered or in_vain >= self._patience.tries:
                raise self._given_up(trouble)
            if trouble != _AGAIN:
                yield from self._rest(trouble)

    def _try(self) -> Generator[Event, None, Outcome]:
        """Ask for what is missing, and write down what comes."""
        yield Progress(f"Connecting for {self._network.label}")
        origin, have = self._what_is_here()
        if origin is not None and have == origin.total > 0:
            return ""
        headers = {}
        if origin is not None:
            headers = {"Range": f"bytes={have}-"} | ({"If-Range": origin.validator} if origin.validator else {})
        reader = HttpReader(self._network.url, headers, self._patience.stall_s)
        try:
            answer = None
            while answer is None:
                answer = reader.next(_BLINK_S)
                yield Progress(f"Connecting for {self._network.label}")
            if not isinstance(answer, Answer):
                return self._words(answer)
            self._answered = True
            if (trouble := self._take_up(answer, origin, have)) is not None:
                return trouble
            self._check_space(self._total - self._partial.size)
            return (yield from self._write(reader))
        finally:
            reader.close()

    def _what_is_here(self) -> tuple[Origin | None, int]:
        origin, have = self._partial.origin(), self._partial.size
        if origin is None or origin.url != self._network.url or have == 0:
            self._partial.discard()
            return None, 0
        return origin, have

    def _take_up(self, answer: Answer, origin: Origin | None, have: int) -> Outcome | None:
        """Make the partial file fit to the server's answer; None where bytes will follow."""
        if answer.headers.get("Content-Type", "").startswith("text/html") and answer.status == 200:
            raise self._login_page()
        validator, (first, total) = _validator(answer), _range(answer)
        if answer.status == 200:  # everything, because nothing is here, the file changed, or ranges are not known
            length = int(answer.headers.get("Content-Length", "0"))
            self._told, self._total = length > 0, length or self._network.size
            self._partial.begin(Origin(url=self._network.url, validator=validator, total=length))
            return None
        if answer.status in (206, 416) and origin is not None:
            if answer.status == 416 and total == have:
                return ""
            unchanged = not (validator and origin.validator) or validator == origin.validator
            if answer.status == 206 and first == have and unchanged and (not origin.total or total == origin.total):
                self._told, self._total = total > 0, total or self._network.size
                return None
            self._partial.discard()
            return _AGAIN
        raise self._refused(answer.status)

    def _write(self, reader: HttpReader) -> Generator[Event, None, Outcome]:
        done = self._partial.size
        with self._partial.path.open("ab") as file:
            while True:
                yield self._progress(done)
                for number in range(_PIECES):
                    heard = reader.next(0.0 if number else _BLINK_S)
                    if isinstance(heard, Ended):
                        yield self._progress(done)
                        whole = done == self._total if self._told else heard.error is None
                        return "" if whole else self._words(heard)
                    if not isinstance(heard, bytes):
                        break
                    file.write(heard)
                    done += len(heard)

    def _rest(self, trouble: Outcome) -> Iterator[Event]:
        until = monotonic() + self._patience.rest_s
        while monotonic() < until:
            done = self._partial.size
            stage = f"Trying again, because {trouble} · {of_megabytes(done, self._total)}"
            yield Progress(stage, done, self._total, done / self._total, in_words=True)
            sleep(_BLINK_S)

    def _is_right(self) -> Generator[Event, None, bool]:
        sha256 = yield from hashing(self._partial.path, f"Checking {self._network.label}")
        return self._network.is_published(sha256)

    def _progress(self, done: int) -> Progress:
        stage = f"Downloading {self._network.label} · {of_megabytes(done, self._total)}"
        return Progress(stage, done, self._total, done / self._total, in_words=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second window from writing the same file."""
        path = self._partial.path.with_name(self._partial.path.name + ".lock")
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StudioError(
                f"{self._network.label} is being downloaded already.", "Wait until that is done, or stop it there."
            ) from None
        try:
            yield
        finally:
            lock.release()
            with suppress(OSError):
                path.unlink()

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if needed + _SPARE > free:
            raise StudioError(
                f"{self._network.label} needs {megabytes(needed)} more, but only {megabytes(free)} are free in "
                f"{self._folder}.",
                "Free some space, or let ATELIER_HOME name a folder on a larger disk.",
            )

    def _words(self, ended: Ended | bytes) -> Outcome:
        error = ended.error if isinstance(ended, Ended) else None
        self._trouble = trouble_behind(error, self._network.url)
        if self._trouble is not None:
            return self._trouble.words
        if isinstance(error, requests.exceptions.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
            return f"nothing came for {self._patience.stall_s:g} seconds"
        if not self._answered and isinstance(error, requests.exceptions.ConnectionError):
            return "the server cannot be reached"
        return "the connection broke off"

    def _given_up(self, trouble: Outcome) -> StudioError:
        have = self._partial.size
        reached = f" So far, {of_megabytes(have, self._total)} are here." if have else ""
        again = "try again, it goes on from there" if have else "try again"
        known = self._trouble.remedy if self._trouble is not None else ""
        return StudioError(
            f"{self._network.label} could not be downloaded: {trouble}.{reached}",
            f"{known or f'Check the network and {again}.'} {self._by_hand()}",
        )

    def _refused(self, status: int) -> StudioError:
        why = refusal(status, self._network.url)
        return StudioError(
            f"{self._network.label} could not be downloaded: {why.words}.", f"{why.remedy} {self._by_hand()}"
        )

    def _login_page(self) -> StudioError:
        return StudioError(
            f"{self._network.label} could not be downloaded: a web page came instead of the file.",
            f"The network may want you to log in: open {self._network.url} in a browser, and try again.",
        )

    def _by_hand(self) -> str:
        url, file, folder = self._network.url, self._network.file, self._folder
        return f"Or fetch {url} in some other way and put it into {folder} as {file}."


def _validator(answer: Answer) -> str:
    """What names this version of the file. Weak ETags do not promise the same bytes, so they do not serve here."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _range(answer: Answer) -> tuple[int, int]:
    """First byte and total of a Content-Range (`bytes 5-9/10`, `bytes */10`); -1 and 0 where not told."""
    told = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    if told is None:
        return -1, 0
    first, total = told[1], told[2]
    return int(first) if first else -1, 0 if total == "*" else int(total)
