"""Fixtures of the listener's tests."""

import pytest

from tests.listener.listenerkit import Script


@pytest.fixture
def script() -> Script:
    """A call to be told by hand."""
    return Script()
