"""The Restore panel."""
