"""Reads one file from a server on a thread of its own, so that no job ever waits for a network.

Built on requests, which knows proxies, certificates and redirects. pooch, which stands on it too, can neither go on
with a half-finished file nor be stopped.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TypeAlias

import requests

_PIECE = 256 * 1024
_AHEAD = 16
"""Pieces that may wait to be taken; then the thread, and by and by the server, waits too."""
_LOOK_UP_S = 0.2
"""How often a waiting thread looks whether it is still wanted."""
_CONNECT_S = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says before the first byte; header names are in any case."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will come; `error` says why, None where the server finished by itself."""

    error: Exception | None


Heard: TypeAlias = Answer | bytes | Ended


class HttpReader:
    """One request, running from its creation until `close`.

    Args:
        url: what to fetch.
        headers: added to the request.
        stall_s: seconds without a byte after which the connection counts as dead.

    """

    def __init__(self, url: str, headers: Mapping[str, str], stall_s: float) -> None:
        self._url = url
        self._headers = {"Accept-Encoding": "identity", **headers}  # ranges count bytes of the file as it is
        self._stall_s = stall_s
        self._heard: Queue[Heard] = Queue(_AHEAD)
        self._closed = threading.Event()
        self._response: requests.Response | None = None
        self._thread = threading.Thread(target=self._read, name="download", daemon=True)
        self._thread.start()

    def next(self, wait_s: float) -> Heard | None:
        """Return what came next, None where nothing came within `wait_s`."""
        try:
            return self._heard.get(timeout=wait_s)
        except Empty:
            return None

    def close(self) -> None:
        """Hang up. A thread that still waits for a connection ends by itself a little later."""
        self._closed.set()
        response = self._response
        if response is not None:
            with suppress(ValueError, RuntimeError, OSError):
                response.raw.shutdown()  # wakes a thread that waits for the next byte
        self._thread.join(timeout=1.0)

    def _read(self) -> None:
        error: Exception | None = None
        try:
            patience = (_CONNECT_S, self._stall_s)
            with requests.get(self._url, headers=self._headers, stream=True, timeout=patience) as answer:
                self._response = answer
                self._tell(Answer(answer.status_code, answer.headers))
                while not self._closed.is_set() and (piece := answer.raw.read1(_PIECE, decode_content=False)):
                    self._tell(piece)
        except Exception as caught:  # whatever it is, the job that waits for bytes must hear of it
            error = caught
        finally:
            self._response = None
        self._tell(Ended(error))

    def _tell(self, heard: Heard) -> None:
        while not self._closed.is_set():
            with suppress(Full):
                self._heard.put(heard, timeout=_LOOK_UP_S)
                break
