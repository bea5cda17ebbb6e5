"""A run being put together: data, kind, settings, schedule."""
