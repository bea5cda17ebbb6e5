"""The Models panel: which networks there are, and getting, checking and removing them."""
