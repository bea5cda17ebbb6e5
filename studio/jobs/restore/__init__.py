"""The restore job: which networks do it, and a photo's way through them in tiles."""
