"""The Translate panel."""
