"""Why a server could not be asked: proxies, certificates, names and refusals, each with what helps."""

import os
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

__all__ = ["Trouble", "refusal", "trouble_behind"]

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What names a file of certificates to requests."""
_PROXY_VARIABLES = "HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY)"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is in the way, in half a sentence; what to do, "" where the network itself is to be looked at.

    `stays` tells that another try would end in the same way.
    """

    words: str
    remedy: str = ""
    stays: bool = False


def trouble_behind(error: Exception | None, url: str) -> Trouble | None:
    """Return what kept a request from being answered; None where it was no more than a broken connection."""
    if error is None:
        return None
    words, root, proxy = str(error), _root(error), _proxy_of(url)
    through_socks = proxy.startswith("socks")
    if through_socks and isinstance(error, requests.exceptions.InvalidSchema):
        return Trouble(
            f"it is to go through the SOCKS proxy {proxy}, for which a library is missing",
            "Install it (pip install pysocks), or name an HTTP proxy in HTTPS_PROXY.", stays=True,
        )  # fmt: skip
    if proxy and isinstance(error, requests.exceptions.InvalidURL):
        return Trouble(
            f"the address of the proxy is not right ({proxy})",
            f"Correct the variable {_PROXY_VARIABLES}: http://HOST:PORT.", stays=True,
        )  # fmt: skip
    if isinstance(error, requests.exceptions.ProxyError):
        return _of_proxy(words, url)
    if through_socks and isinstance(error, requests.exceptions.ConnectionError):
        return _unreachable(proxy)
    if type(error) is OSError and "certificate bundle" in words:
        return _of_bundle("is not there")
    if isinstance(error, requests.exceptions.SSLError | ssl.SSLError) or isinstance(root, ssl.SSLError):
        return _of_certificate(words)
    if isinstance(root, urllib3.exceptions.NameResolutionError):
        return Trouble(f"the name {urlsplit(url).hostname} is not known here: no network, or no name server")
    if proxy and isinstance(error, requests.exceptions.ConnectionError):
        return Trouble(
            f"the proxy {proxy} breaks off, or is none",
            f"Correct the variable {_PROXY_VARIABLES}, or unset it where there is no proxy.",
        )
    return None


def refusal(status: int, url: str) -> Trouble:
    """Return what an HTTP status means, and what helps."""
    if status in (404, 410):
        return Trouble(f"{url} is not there any more (HTTP {status})", "Try again later.")
    if status == 407:
        return _login_to_proxy(url)
    if status in (401, 403, 451):
        return Trouble(
            f"the server, or a proxy or filter on the way to it, forbids it (HTTP {status})",
            f"Open {url} in a browser: it shows who forbids it, and whether one can log in.",
        )
    if status == 429:
        return Trouble(f"the server is asked too often from here (HTTP {status})", "Wait an hour, and try again.")
    return Trouble(f"the server refused (HTTP {status})", "Try again later.")


def _of_proxy(words: str, url: str) -> Trouble:
    proxy, answer = _proxy_of(url), re.search(r"Tunnel connection failed: (\d+)", words)
    status = int(answer[1]) if answer else 0
    if status == 407:
        return _login_to_proxy(url)
    if status in (401, 403, 451):
        return Trouble(
            f"the proxy {proxy} forbids it (HTTP {status})",
            f"Ask whoever runs it to let {urlsplit(url).hostname} through.", stays=True,
        )  # fmt: skip
    if status == 511 or 300 <= status < 400:
        return Trouble(
            f"the proxy {proxy} wants a login in a browser first (HTTP {status})",
            "Open any page in a browser, log in there, and try again.", stays=True,
        )  # fmt: skip
    if status:
        return Trouble(f"the proxy {proxy} does not get through to the server (HTTP {status})")
    if "WRONG_VERSION_NUMBER" in words:
        return Trouble(
            f"the proxy {proxy} does not speak HTTPS itself",
            "Let the address in HTTPS_PROXY begin with http://, not https://.", stays=True,
        )  # fmt: skip
    return _unreachable(proxy)


def _unreachable(proxy: str) -> Trouble:
    return Trouble(
        f"the proxy {proxy} cannot be reached",
        f"Correct the variable {_PROXY_VARIABLES}, or unset it where there is no proxy.",
    )


def _login_to_proxy(url: str) -> Trouble:
    return Trouble(
        f"the proxy {_proxy_of(url)} wants a name and a password (HTTP 407)",
        "Write them into the variable: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT.", stays=True,
    )  # fmt: skip


def _of_bundle(what: str) -> Trouble:
    variable, file = _bundle()
    if not variable:
        return Trouble(f"the file of certificates {what}", "Install certifi again: pip install -U certifi.", stays=True)
    return Trouble(
        f"the file of certificates that {variable} names {what} ({file})",
        f"Let {variable} name your certificates as PEM, or unset it.", stays=True,
    )  # fmt: skip


def _of_certificate(words: str) -> Trouble:
    if "[X509" in words:  # it is our own file that cannot be read
        return _of_bundle("holds none that can be read")
    if "CERTIFICATE" not in words:
        return Trouble(
            "what answers there does not speak HTTPS, or breaks off",
            "A login page, a filter or a proxy may answer in the server's place: look with a browser.",
        )
    known = "has run out" if "expired" in words else "is for another name" if "match" in words else "cannot be trusted"
    remedy = {
        "has run out": "Is the clock of this computer right? Otherwise try again later.",
        "is for another name": "A login page or a filter may answer in its place: look with a browser.",
        "cannot be trusted": "Where a filter opens connections, let REQUESTS_CA_BUNDLE name its certificate (PEM).",
    }[known]
    return Trouble(f"the server's certificate {known}", remedy, stays=True)


def _bundle() -> tuple[str, str]:
    return next(((name, os.environ[name]) for name in _CA_VARIABLES if os.environ.get(name)), ("", ""))


def _proxy_of(url: str) -> str:
    """Return the proxy that is asked for `url`, without the password in it."""
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or ""
    scheme, slashes, rest = proxy.rpartition("://")
    return scheme + slashes + rest.rpartition("@")[2]


def _root(error: BaseException) -> BaseException:
    """Return what lies at the bottom of the errors that requests and urllib3 wrap into one another."""
    inner = next((one for one in (getattr(error, "reason", None), *error.args) if isinstance(one, BaseException)), None)
    return error if inner is None else _root(inner)
