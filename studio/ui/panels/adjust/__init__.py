"""The Adjust panel."""
