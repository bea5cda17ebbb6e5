"""Painting over the pictures of a run what matters in them."""
