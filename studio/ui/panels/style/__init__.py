"""The Style panel: its state, its views."""
