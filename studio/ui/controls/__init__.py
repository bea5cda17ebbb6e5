"""What a hand turns: small composable widgets, one to a file."""
