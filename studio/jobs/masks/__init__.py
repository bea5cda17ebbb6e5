"""Masks: found in a photo, changed as a whole, read and written."""
