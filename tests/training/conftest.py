"""What tests of the training loop share."""

import pytest


@pytest.fixture
def every_breath(monkeypatch):
    """Small networks are through before it would be time for one."""
    monkeypatch.setattr("studio.training.loop._BREATH_S", 0.0)
