"""What every panel that makes pictures shares: session, column, files, film strip."""
