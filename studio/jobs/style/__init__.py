"""The style job: one painting worked on over its sizes, steered or replayed; with L-BFGS or a fast style."""
