"""The Dream panel."""
