"""The window: Qt views bound to state; nothing is computed here."""
