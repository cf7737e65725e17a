import threading
from typing import Any

import pytest

from ossian.api.validation import checked
from ossian.server import service
from tests.server.serving import scripted, serving


def test_only_large_bodies_are_checked_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def watched(*args: Any, **options: Any) -> Any:
        threads.append(threading.get_ident())
        return checked(*args, **options)

    monkeypatch.setattr(service, "checked", watched)
    large = [{"role": "user", "content": "x" * service.LARGE_BODY}]
    with serving(scripted()) as server:
        answers = [server.chat(), server.chat(messages=large), server.chat(messages=large, surprise=1), server.chat()]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 200]
    assert answers[2].json()["error"]["param"] == "surprise"
    assert threads[0] == threads[3]
    assert threads[0] not in threads[1:3]
