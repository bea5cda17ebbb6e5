"""The network that comes along, opened to look at pictures with: by losses, critics and judges."""

from models.backbones import Backbone, load_backbone
from studio.core.style_settings import DEFAULT_BACKBONE
from studio.core.weights import resolve_backbone

__all__ = ["open_slim"]


def open_slim() -> Backbone:
    """Return atelier-slim, on the CPU."""
    weights = resolve_backbone(DEFAULT_BACKBONE)
    assert weights.path is not None, "it is packaged"
    return load_backbone(weights.path, weights.architecture)
