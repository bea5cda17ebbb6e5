"""From folders of pictures to batches: find, examine, decode once, augment, draw."""
