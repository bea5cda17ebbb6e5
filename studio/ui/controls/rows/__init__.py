"""One row per kind of setting: its caption, its control, its reset."""
