"""Controls: small composable widgets that panels are made of, one to a file."""
