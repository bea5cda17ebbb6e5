"""Collect the four sample photos from scikit-image's packaged data, with their credits.

    python scripts/collect_photos.py                  from an installed scikit-image
    python scripts/collect_photos.py --wheel FILE     from a wheel that `pip download --no-deps scikit-image` fetched

All four are in the public domain or CC0, and lie inside the wheels themselves (seen in 0.22.0 and 0.25.2).
"""

import argparse
import hashlib
import importlib.util
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sample_shelf import SAMPLES, Credit, write_credits

QUALITY = 95


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of scikit-image's collection; the checksum makes sure that it is the one whose licence we read."""

    file: str
    sha256: str
    name: str
    title: str
    credit: str
    licence: str
    source: str


PHOTOS = (
    Photo(
        "chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "cat",
        "Chelsea the cat",
        "Stéfan van der Walt",
        "CC0-1.0",
        "scikit-image (data.chelsea)",
    ),
    Photo(
        "astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "astronaut",
        "Astronaut Eileen Collins",
        "NASA",
        "Public domain",
        "NASA Great Images, https://flic.kr/p/r9qvLn, by way of scikit-image",
    ),
    Photo(
        "coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "coffee",
        "Cup of coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        "CC0-1.0",
        "scikit-image (data.coffee)",
    ),
    Photo(
        "rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "rocket",
        "Falcon 9 before its launch",
        "SpaceX",
        "CC0-1.0",
        "SpaceX Photos, https://www.flickr.com/photos/spacexphotos/16511594820, by way of scikit-image",
    ),
)


def main() -> None:
    """Write the photos and their credits."""
    parser = argparse.ArgumentParser(description="Collect the program's sample photos.")
    parser.add_argument("--wheel", type=Path, help="a wheel of scikit-image to read instead of the installed package")
    wheel = parser.parse_args().wheel
    folder = SAMPLES / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for photo in PHOTOS:
        data = _read(photo.file, wheel)
        if hashlib.sha256(data).hexdigest() != photo.sha256:
            raise SystemExit(f"{photo.file} is not the picture whose licence was checked; use scikit-image 0.25.2.")
        path = folder / f"{photo.name}.jpg"
        if photo.file.endswith(".jpg"):
            path.write_bytes(data)  # as it is: encoding a JPEG again only loses
        else:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            picture.save(path, quality=QUALITY, subsampling=0, optimize=True)
        print(f"{photo.title:<26} {path.stat().st_size / 1024:4.0f} KB  {path}")
    write_credits([_credit(photo) for photo in PHOTOS])


def _read(name: str, wheel: Path | None) -> bytes:
    """Return the bytes of one of scikit-image's files.

    Raises:
        SystemExit: neither a wheel is named nor the package installed.

    """
    if wheel:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(f"skimage/data/{name}")
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("scikit-image is not installed; install it (pip install scikit-image) or name a --wheel.")
    return (Path(package.submodule_search_locations[0]) / "data" / name).read_bytes()


def _credit(photo: Photo) -> Credit:
    file = f"photos/{photo.name}.jpg"
    return Credit(file, "photo", photo.name, photo.title, photo.credit, photo.licence, photo.source)


if __name__ == "__main__":
    main()
