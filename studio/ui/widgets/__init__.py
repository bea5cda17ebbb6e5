"""Small composable widgets, one to a file."""
