"""Finds the system libraries that Qt needs and this machine lacks; installs them where allowed, or says how."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

# what Debian and Ubuntu call the package of each library that Qt's own files ask for
PACKAGES = {
    "libEGL.so": "libegl1",
    "libGL.so": "libgl1",
    "libGLX.so": "libgl1",
    "libOpenGL.so": "libopengl0",
    "libX11-xcb.so": "libx11-xcb1",
    "libX11.so": "libx11-6",
    "libdbus-1.so": "libdbus-1-3",
    "libfontconfig.so": "libfontconfig1",
    "libfreetype.so": "libfreetype6",
    "libglib-2.0.so": "libglib2.0-0",
    "libgthread-2.0.so": "libglib2.0-0",
    "libgssapi_krb5.so": "libgssapi-krb5-2",
    "libbrotlidec.so": "libbrotli1",
    "libbrotlicommon.so": "libbrotli1",
    "libstdc++.so": "libstdc++6",
    "libxcb-cursor.so": "libxcb-cursor0",
    "libxcb-icccm.so": "libxcb-icccm4",
    "libxcb-image.so": "libxcb-image0",
    "libxcb-keysyms.so": "libxcb-keysyms1",
    "libxcb-randr.so": "libxcb-randr0",
    "libxcb-render-util.so": "libxcb-render-util0",
    "libxcb-render.so": "libxcb-render0",
    "libxcb-shape.so": "libxcb-shape0",
    "libxcb-shm.so": "libxcb-shm0",
    "libxcb-sync.so": "libxcb-sync1",
    "libxcb-util.so": "libxcb-util1",
    "libxcb-xfixes.so": "libxcb-xfixes0",
    "libxcb-xkb.so": "libxcb-xkb1",
    "libxcb.so": "libxcb1",
    "libxkbcommon-x11.so": "libxkbcommon-x11-0",
    "libxkbcommon.so": "libxkbcommon0",
    "libz.so": "zlib1g",
    "libzstd.so": "libzstd1",
}

# the parts of Qt that anything here needs, and the one that draws on an X display
CORE_PARTS = ("QtWidgets.abi3.so", "QtOpenGLWidgets.abi3.so", "QtSvg.abi3.so", "QtNetwork.abi3.so", "QtTest.abi3.so",
              "Qt/plugins/platforms/libqoffscreen.so")  # fmt: skip
SCREEN_PARTS = ("Qt/plugins/platforms/libqxcb.so",)
TEST_PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool"}


class SetupError(Exception):
    """Something is missing that set-up cannot provide: what it is, and what to do."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n{remedy}")


def check(venv: Path, purpose: str, environ: Mapping[str, str] = os.environ) -> None:
    """Make sure that Qt finds its libraries.

    As root on Debian or Ubuntu everything missing is installed. Otherwise what `purpose` cannot do without stops with
    the command to type, and the rest (a screen to draw on where there is none, a virtual screen for a few tests) is
    only mentioned.

    Raises:
        SetupError: a library is missing and may not be installed from here.

    """
    if not sys.platform.startswith("linux"):
        return
    qt = next(venv.glob("lib/python3*/site-packages/PySide6"))
    core, screen = missing_libraries(qt, CORE_PARTS), missing_libraries(qt, SCREEN_PARTS)
    programs = [name for name in TEST_PROGRAMS if purpose == "test" and not shutil.which(name)]
    if not (core or screen or programs):
        return
    has_display = bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    needed = core | screen if purpose == "run" and has_display else core
    packages = [*packages_of(core | screen), *(TEST_PROGRAMS[name] for name in programs)]
    what = ", ".join([*sorted(core | screen), *programs])
    if needed or _may_install():
        install_packages(packages, f"Missing on this machine: {what}.")
        _fail_if_still_missing(qt, needed)
    else:
        use = "tests that need a screen are skipped" if purpose == "test" else "a window cannot be shown"
        print(f"Not here: {what}, so {use}. To add them:\n    {_command(packages)}", file=sys.stderr)


def missing_libraries(qt: Path, parts: Iterable[str]) -> set[str]:
    """Return the libraries that the loader does not find for these files of PySide6."""
    if not shutil.which("ldd"):
        return set()
    answer = subprocess.run(["ldd", *(qt / part for part in parts)], capture_output=True, text=True)
    return {line.split()[0] for line in answer.stdout.splitlines() if line.endswith("=> not found")}


def packages_of(libraries: Iterable[str]) -> list[str]:
    """Return the Debian packages of these libraries, sorted; a library without a known package stands for itself."""
    return sorted({PACKAGES.get(name.partition(".so")[0] + ".so", name) for name in libraries})


def install_packages(packages: list[str], cause: str) -> None:
    """Install Debian packages as root.

    Raises:
        SetupError: not root, not Debian, or apt failed; `cause` stands in front of the command to type.

    """
    if not _may_install():
        raise SetupError(cause, f"Install what is missing, then run the same command again:\n    {_command(packages)}")
    print(f"{cause} Installing {' '.join(packages)} …", file=sys.stderr, flush=True)
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], env=environ, stdout=subprocess.DEVNULL)  # a bare machine has no package lists
    done = subprocess.run([*apt, "install", "-y", "--no-install-recommends", *packages], env=environ,
                          stdout=subprocess.DEVNULL)  # fmt: skip
    if done.returncode:
        raise SetupError(
            f"{cause} apt-get could not install it; its words stand above.",
            f"Mend what it says, then run the same command again, or install by hand:\n    {_command(packages)}",
        )


def _fail_if_still_missing(qt: Path, needed: set[str]) -> None:
    still = needed & missing_libraries(qt, (*CORE_PARTS, *SCREEN_PARTS))
    if still:
        raise SetupError(
            f"Still missing after installing: {', '.join(sorted(still))}.",
            "Find the packages that contain them (apt-file search NAME), install them and run the same command again.",
        )


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _command(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"
    return f"(with the system's package manager; Debian's names:) {' '.join(packages)}"
