"""The parts of the Train panel: a page for a new run, one for a run there is, and what lies on them."""
