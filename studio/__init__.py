"""Atelier: a desktop studio in which an artist directs neural image models by hand."""

__version__ = "0.1.0"
