"""One file per panel; panels never import one another."""
