"""`pip install` of the built wheel gives a working `atelier`, with everything it shows and nothing else."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENTER = "import atelier_studio; atelier_studio.make_importable()"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build through the source archive, as a release does: leftovers of the checkout cannot slip in."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return bin/ of a fresh environment that has the wheel, and borrows only its dependencies from this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    # a plain path: the editable install of this checkout is not followed from there
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--no-deps", "--no-index",
        "--quiet", "--disable-pip-version-check", wheel, cwd=folder)  # fmt: skip
    return folder / "bin"


def run(*command: object, cwd: Path) -> str:
    """Run without this checkout on the path; return what was printed, or fail with it."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_every_module_and_every_asset_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    manual = {path for folder in ("docs", "docs/images") for path in (ROOT / folder).iterdir() if path.is_file()}
    prefix = f"atelier_studio-{version('atelier-studio')}.data/data/share/doc/atelier"
    assert {name for name in packed if ".data/" in name} == {
        f"{prefix}/{path.relative_to(ROOT / 'docs').as_posix()}" for path in manual
    }
    packed = {name for name in packed if ".data/" not in name}
    modules = {path for package in ("studio", "models") for path in (ROOT / package).rglob("*.py")}
    assets = {path for path in (ROOT / "assets").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    inside = {f"atelier_studio/{path.relative_to(ROOT).as_posix()}" for path in modules | assets}
    assert packed == inside | {"atelier_studio/__init__.py", "atelier_studio/__main__.py"}


def test_wheel_carries_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (commands,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "atelier = atelier_studio:main" in archive.read(commands).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_modules_come_from_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    program = (
        f"{ENTER}; import studio, models, assets; print(*(m.__file__ for m in (studio, models, assets)), sep='\\n')"
    )
    places = run(bin_folder / "python", "-c", program, cwd=tmp_path).splitlines()
    assert len(places) == 3
    assert all(Path(place).is_relative_to(bin_folder.parent) for place in places)


def test_installed_manual_is_found_with_its_pictures(bin_folder: Path, tmp_path: Path) -> None:
    program = f"{ENTER}; from studio.core.manual import manual; print(manual())"
    page = Path(run(bin_folder / "python", "-c", program, cwd=tmp_path).strip())
    assert page.is_relative_to(bin_folder.parent)
    assert (page.parent / "images" / "window.png").is_file()
    assert (page.parent / "models.md").is_file()


def test_installed_samples_are_found(bin_folder: Path, tmp_path: Path) -> None:
    program = (
        f"{ENTER}\n"
        "from studio.core.samples import sample_paintings, sample_photos\n"
        "print(*(s.path for s in (*sample_photos(), *sample_paintings())), sep='\\n')"
    )
    paths = [Path(line) for line in run(bin_folder / "python", "-c", program, cwd=tmp_path).splitlines()]
    assert {path.parent.name for path in paths} == {"photos", "paintings"}
    assert all(path.is_file() and path.is_relative_to(bin_folder.parent) for path in paths)


def test_installed_command_paints_and_reads_its_recipe(bin_folder: Path, tmp_path: Path) -> None:
    assert "stylize" in run(bin_folder / "atelier", "--help", cwd=tmp_path)
    program = (
        f"{ENTER}; from studio.core import samples as s; print(s.sample_photos()[0].path, s.sample_paintings()[0].path)"
    )
    photo, painting = run(bin_folder / "python", "-c", program, cwd=tmp_path).split()
    run(bin_folder / "atelier", "stylize", photo, painting, "-o", "painted.png", "--size", 64, "--steps", 2,
        cwd=tmp_path)  # fmt: skip
    assert '"stylize"' in run(bin_folder / "atelier", "recipe", "painted.png", cwd=tmp_path)


def test_others_packages_of_the_same_names_are_neither_taken_nor_overwritten(bin_folder: Path, tmp_path: Path) -> None:
    """Whoever has a package `models` keeps it, and the studio does not stumble over it, nor over a `copy.py` beside."""
    (packages,) = bin_folder.parent.glob("lib/python3*/site-packages")
    assert not {"studio", "models", "assets"} & {path.name for path in packages.iterdir()}
    for folder in (packages, tmp_path):
        for name in ("models", "studio", "assets", "copy"):
            (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of somebody else was run')\n")
    try:
        assert "atelier" in run(bin_folder / "atelier", "--version", cwd=tmp_path)
        assert "atelier" in run(bin_folder / "python", "-m", "atelier_studio", "--version", cwd=tmp_path)
        program = f"{ENTER}; import torch, models.pixels, studio.core.samples; print(models.__file__)"
        assert "atelier_studio" in run(bin_folder / "python", "-c", program, cwd=tmp_path)
    finally:
        for name in ("models", "studio", "assets", "copy"):
            (packages / f"{name}.py").unlink()
