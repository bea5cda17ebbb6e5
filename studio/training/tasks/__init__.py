"""The kinds of training: each supplies networks, data and one step; the loop supplies everything else."""
