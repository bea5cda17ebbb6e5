"""What is computed: pure PyTorch, one technique a file, no Qt, no threads, nothing from `studio`."""
