import hashlib
import socket
import socketserver
import threading
from importlib.util import find_spec

import numpy as np
import pytest
from weights_server import open_shop

from studio.core.downloads import download
from studio.core.events import Log, Progress, finish
from studio.core.failures import StudioError
from studio.core.known_networks import KnownNetwork
from studio.core.partial_files import PartialFile, Patience

QUICK = Patience(stall_s=0.3, tries=3, rest_s=0.05)
BODY = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def shop():
    shop = open_shop(BODY)
    yield shop
    shop.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "download"]


def network(shop, body=BODY, **changes):
    known = {
        "name": "net", "label": "Net", "task": "backbone", "architecture": "net", "source": shop.url,
        "file": "net-0.pth", "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "licence": "free",
        "trained_on": "nothing", "good_for": "tests", "taps": ("relu1",),
    }  # fmt: skip
    return KnownNetwork(**(known | changes))


def fetch(shop, folder, **changes):
    """Download, and return what the job said."""
    said, path = [], None

    def listening():
        nonlocal path
        path = yield from download(network(shop, **changes), folder, QUICK)

    said.extend(listening())
    assert path == folder / "net-0.pth"
    return said


def failure(shop, folder, **changes):
    with pytest.raises(StudioError) as caught:
        finish(download(network(shop, **changes), folder, QUICK))
    return caught.value


def start_and_leave(shop, folder, at_least):
    """Close the job as the engine does on Cancel, once some bytes are there."""
    job = download(network(shop), folder, QUICK)
    for said in job:
        if said.stage.startswith("Downloading") and said.done >= at_least:
            break
    job.close()
    return PartialFile(folder / "net-0.pth").size


def test_the_file_comes_whole_with_its_progress_in_bytes_and_leaves_nothing_else(shop, tmp_path):
    said = fetch(shop, tmp_path / "made" / "anew")
    assert (tmp_path / "made" / "anew" / "net-0.pth").read_bytes() == BODY
    assert [path.name for path in (tmp_path / "made" / "anew").iterdir()] == ["net-0.pth"]
    loading = [event for event in said if event.stage.startswith("Downloading")]
    assert {event.heading for event in loading} == {"Downloading Net"}
    assert [event.done for event in loading] == sorted(event.done for event in loading)
    assert loading[-1] == Progress("Downloading Net · 2.9 of 2.9 MB", 3_000_000, 3_000_000, share=1.0, in_words=True)
    assert shop.ranges == [""]
    assert "identity" in shop.asked[0]["Accept-Encoding"]


def test_a_connection_that_breaks_again_and_again_costs_no_byte_twice(shop, tmp_path):
    shop.cut_at = [1_000_000, 1, 500_000, 0]
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert shop.ranges == ["", "bytes=1000000-", "bytes=1000001-", "bytes=1500001-", "bytes=1500001-"]
    assert shop.sent == len(BODY)


def test_a_server_that_falls_silent_is_asked_for_the_rest(shop, tmp_path):
    shop.stall_at = [1_234_567]
    said = fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert shop.ranges == ["", "bytes=1234567-"]
    assert any("Trying again, because nothing came for 0.3 seconds" in event.stage for event in said)


def test_a_server_that_never_gets_further_is_given_up_and_what_came_is_kept(shop, tmp_path):
    shop.cut_at = [1_000_000] + 10 * [0]
    error = failure(shop, tmp_path)
    assert "the connection broke off. So far, 1.0 of 2.9 MB are here." in error.cause
    assert "it goes on from there" in error.remedy
    assert len(shop.asked) == 1 + QUICK.tries
    shop.cut_at = []
    fetch(shop, tmp_path)
    assert shop.ranges[-1] == "bytes=1000000-"
    assert (tmp_path / "net-0.pth").read_bytes() == BODY


def test_one_that_never_says_a_word_is_given_up_at_once(shop, tmp_path):
    shop.silent = True
    error = failure(shop, tmp_path)
    assert "nothing came for 0.3 seconds" in error.cause
    assert len(shop.asked) == 1


def test_a_cancelled_download_goes_on_where_it_was_left(shop, tmp_path):
    shop.stall_at = [2_000_000]
    have = start_and_leave(shop, tmp_path, 2_000_000)
    assert have == 2_000_000
    assert not (tmp_path / "net-0.pth").exists()
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert shop.asked[-1]["Range"] == "bytes=2000000-"
    assert shop.asked[-1]["If-Range"] == '"v1"'
    assert shop.sent == len(BODY)


@pytest.mark.parametrize("minds_if_range", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_as_a_whole(shop, tmp_path, minds_if_range):
    shop.stall_at = [2_000_000]
    start_and_leave(shop, tmp_path, 2_000_000)
    other = BODY[::-1]
    shop.body, shop.etag, shop.minds_if_range = other, '"v2"', minds_if_range
    fetch(shop, tmp_path, sha256=hashlib.sha256(other).hexdigest())
    assert (tmp_path / "net-0.pth").read_bytes() == other
    assert shop.ranges[1] == "bytes=2000000-"
    assert len(shop.asked) == (2 if minds_if_range else 3)


def test_a_server_that_knows_no_ranges_starts_over_cleanly(shop, tmp_path):
    shop.stall_at, shop.knows_ranges = [2_000_000], False
    start_and_leave(shop, tmp_path, 2_000_000)
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert shop.sent == 2_000_000 + len(BODY)


def test_pieces_that_do_not_fit_are_fetched_anew(shop, tmp_path):
    shop.etag, shop.stall_at = "", [2_000_000]  # nothing tells that the file has changed but the checksum
    start_and_leave(shop, tmp_path, 2_000_000)
    other = BODY[::-1]
    shop.body = other
    said = fetch(shop, tmp_path, sha256=hashlib.sha256(other).hexdigest())
    assert (tmp_path / "net-0.pth").read_bytes() == other
    assert [event.level for event in said if isinstance(event, Log)] == ["warning"]


def test_a_partial_file_longer_than_the_servers_is_not_trusted(shop, tmp_path):
    shop.stall_at = [2_000_000]
    start_and_leave(shop, tmp_path, 2_000_000)
    shorter = BODY[:1_000_000]
    shop.body = shorter
    fetch(shop, tmp_path, body=shorter)
    assert (tmp_path / "net-0.pth").read_bytes() == shorter


def test_a_download_that_was_stopped_just_before_its_end_needs_no_server(shop, tmp_path):
    shop.stall_at = [len(BODY)]
    start_and_leave(shop, tmp_path, len(BODY))
    shop.status = 503
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert len(shop.asked) == 1


def test_without_a_length_the_end_of_the_answer_is_the_end_of_the_file(shop, tmp_path):
    shop.tells_length = False
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY


def test_redirects_are_followed(shop, tmp_path):
    shop.moved = 3
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    assert len(shop.asked) == 4


def test_a_circle_of_redirects_ends(shop, tmp_path):
    shop.moved = 1000
    assert "could not be downloaded" in failure(shop, tmp_path).cause


def test_the_wrong_file_is_not_taken(shop, tmp_path):
    error = failure(shop, tmp_path, sha256="0" * 64)
    assert "not the published file: its checksum is wrong" in error.cause
    assert shop.url in error.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_hotels_login_page_does_not_cost_what_is_here_already(shop, tmp_path):
    shop.stall_at = [2_000_000]
    start_and_leave(shop, tmp_path, 2_000_000)
    shop.login_page = True
    assert "a web page came instead" in failure(shop, tmp_path).cause
    assert PartialFile(tmp_path / "net-0.pth").size == 2_000_000


def test_the_beginning_of_a_checksum_suffices_where_no_more_is_known(shop, tmp_path):
    beginning = hashlib.sha256(BODY).hexdigest()[:8]
    fetch(shop, tmp_path, sha256="", sha256_prefix=beginning)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
    (tmp_path / "net-0.pth").unlink()
    wrong = "0" * 8 if beginning != "0" * 8 else "1" * 8
    assert "checksum" in failure(shop, tmp_path, sha256="", sha256_prefix=wrong).cause


@pytest.mark.parametrize(("status", "words"), [(404, "is not there any more"), (403, "forbids it"), (503, "refused")])
def test_a_refusal_says_how_to_get_the_file_by_hand(shop, tmp_path, status, words):
    shop.status = status
    error = failure(shop, tmp_path)
    assert words in error.cause
    assert f"HTTP {status}" in error.cause
    for named in (shop.url, "net-0.pth", str(tmp_path)):
        assert named in error.remedy


def test_without_a_network_the_message_says_how_to_get_the_file_by_hand(shop, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/net-0.pth"
        error = failure(shop, tmp_path, source=url)
    assert error.cause == "Net could not be downloaded: the server cannot be reached."
    for named in (url, "as net-0.pth", str(tmp_path)):
        assert named in error.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "words"), [(401, "forbids"), (407, "a password"), (429, "too often"), (451, "forbids")]
)
def test_every_refusal_has_a_remedy_of_its_own(shop, tmp_path, status, words):
    shop.status = status
    error = failure(shop, tmp_path)
    assert f"HTTP {status}" in error.cause
    assert words in error.cause
    assert "Or fetch" in error.remedy
    assert len(error.remedy.partition("Or fetch")[0]) > 10


@pytest.fixture
def proxy():
    """A proxy on this machine that answers whatever `answers` says."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(server.answer)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.answer = True, b""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


HTTPS = "https://weights.example/net-0.pth"


@pytest.mark.parametrize(
    ("answer", "cause", "remedy"),
    [
        ("407 Proxy Authentication Required", "wants a name and a password (HTTP 407)", "NAME:PASSWORD@HOST"),
        ("403 Forbidden", "forbids it (HTTP 403)", "let weights.example through"),
        ("302 Found", "wants a login in a browser first (HTTP 302)", "log in there"),
        ("511 Network Authentication Required", "wants a login in a browser first", "log in there"),
        ("200 Connection established", "does not speak HTTPS, or breaks off", "look with a browser"),
        ("503 Service Unavailable", "does not get through to the server (HTTP 503)", "Check the network"),
    ],
)
def test_what_a_proxy_answers_is_named(shop, tmp_path, monkeypatch, proxy, answer, cause, remedy):
    proxy.answer = f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode()
    monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{proxy.server_address[1]}")
    error = failure(shop, tmp_path, source=HTTPS)
    assert cause in error.cause
    assert remedy in error.remedy
    assert "secret" not in str(error)
    assert HTTPS in error.remedy


@pytest.mark.parametrize(
    ("address", "cause", "remedy"),
    [
        ("socks5://127.0.0.1:1", "SOCKS proxy socks5://127.0.0.1:1", "pip install pysocks"),
        ("http://127.0.0.1:1", "the proxy http://127.0.0.1:1 cannot be reached", "HTTPS_PROXY"),
        ("127.0.0.1:1", "the proxy 127.0.0.1:1 cannot be reached", "unset it"),
        ("foo://127.0.0.1:1", "the address of the proxy is not right", "http://HOST:PORT"),
        ("http://127.0.0.1:port", "the address of the proxy is not right", "http://HOST:PORT"),
        ("http://", "the address of the proxy is not right", "http://HOST:PORT"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(shop, tmp_path, monkeypatch, address, cause, remedy):
    if address.startswith("socks") and find_spec("socks"):
        cause, remedy = "the proxy socks5://127.0.0.1:1 cannot be reached", "HTTPS_PROXY"
    monkeypatch.setenv("https_proxy", address)
    error = failure(shop, tmp_path, source=HTTPS)
    assert cause in error.cause
    assert remedy in error.remedy


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 " + b"x" * 100_000])
def test_what_is_no_proxy_is_named_and_not_the_server(shop, tmp_path, monkeypatch, proxy, answer):
    proxy.answer = answer
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
    error = failure(shop, tmp_path, source=HTTPS)
    assert f"the proxy http://127.0.0.1:{proxy.server_address[1]} " in error.cause
    assert "unset it" in error.remedy


def test_a_proxy_that_is_asked_in_the_wrong_language_is_named(shop, tmp_path, monkeypatch, proxy):
    proxy.answer = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.server_address[1]}")
    assert "begin with http://" in failure(shop, tmp_path, source=HTTPS).remedy


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "is not there"),
        (b"none", "holds none that can be read"),
        (b"-----BEGIN CERTIFICATE-----\nAA", "holds none"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds none"),
        (bytes(range(256)), "holds none"),
        (b"", "holds none"),
    ],
)
def test_a_file_of_certificates_that_cannot_be_used_is_named(shop, tmp_path, monkeypatch, proxy, content, cause):
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    error = failure(shop, tmp_path, source=f"https://127.0.0.1:{proxy.server_address[1]}/net-0.pth")
    assert f"that REQUESTS_CA_BUNDLE names {cause}" in error.cause
    assert "REQUESTS_CA_BUNDLE" in error.remedy


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_asked(shop, tmp_path):
    error = failure(shop, tmp_path, size=10**18)
    assert "needs 953674316406 MB more" in error.cause
    assert str(tmp_path) in error.cause
    assert shop.asked == []


def test_a_disk_that_is_too_small_for_what_the_server_has_is_noticed_before_the_first_byte(shop, tmp_path):
    shop.claimed_length = 10**18
    assert "are free" in failure(shop, tmp_path).cause
    assert PartialFile(tmp_path / "net-0.pth").size == 0


def test_the_same_file_is_not_downloaded_twice_at_once(shop, tmp_path):
    shop.stall_at = [2_000_000]
    first = download(network(shop), tmp_path, QUICK)
    next(first)
    assert "is being downloaded already" in failure(shop, tmp_path).cause
    first.close()
    shop.stall_at = []
    fetch(shop, tmp_path)
    assert (tmp_path / "net-0.pth").read_bytes() == BODY
