"""The picture on the screen: zoom, pan, compare."""
