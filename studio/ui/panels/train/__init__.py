"""The state of the Train panel: a run being put together, the runs there are, and the one in sight. Knows no widget."""
