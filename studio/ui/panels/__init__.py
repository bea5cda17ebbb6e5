"""One folder per panel: its state, its views, its dialogs; panels never import one another."""
