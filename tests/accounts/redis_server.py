"""The Redis that tests use, where the environment names one; its database is emptied."""

import os

import pytest

REDIS = os.environ.get("TEST_REDIS_URL", "")
NEEDS_REDIS = pytest.mark.skipif(not REDIS, reason="TEST_REDIS_URL names no Redis")
