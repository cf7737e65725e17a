from collections.abc import AsyncIterator

import pytest

from ossian.server.service import Service
from tests.server.responses.services import working_service


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with working_service() as made:
        yield made
