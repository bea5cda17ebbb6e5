"""The Library panel: every result, to be opened again."""
