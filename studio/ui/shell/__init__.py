"""The window around the panels: rail, banner, notifier, sheet of shortcuts."""
