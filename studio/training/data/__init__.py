"""From the folders an artist drops to batches: found, examined, decoded once, varied at random, drawn in order."""
