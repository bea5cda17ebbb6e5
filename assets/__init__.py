"""Data the program ships: icons, sample pictures, presets, weights. Read through importlib.resources."""
