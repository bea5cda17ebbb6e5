"""Curves: series, their rendering, axes, legend."""
