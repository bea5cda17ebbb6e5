"""Where the packages of a wheel lie: all of them inside `atelier_studio` (see there); the rest is in pyproject.toml."""

from setuptools import find_packages, setup

OURS = ["assets", *find_packages(include=["studio", "studio.*", "models", "models.*"])]

setup(
    packages=["atelier_studio", *(f"atelier_studio.{name}" for name in OURS)],
    package_dir={f"atelier_studio.{name}": name for name in ("studio", "models", "assets")},
    package_data={"atelier_studio.assets": ["**/*"]},
    exclude_package_data={"": ["__pycache__/*", "**/__pycache__/*"]},
)
