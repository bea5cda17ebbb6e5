"""The Degrade panel: the degradation desk."""
