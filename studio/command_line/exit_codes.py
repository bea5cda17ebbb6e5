"""What the shell is told; scripts rely on these numbers."""

DONE = 0
FAILED = 1
WRONG_ARGUMENTS = 2
INTERRUPTED = 130
