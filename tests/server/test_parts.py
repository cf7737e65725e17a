import re

from ossian.server.parts import new_id
from ossian.settings import ServerSettings
from tests.server.serving import MODEL, parts_of, scripted


def test_ids_are_new_and_say_what_they_are_of() -> None:
    ids = [new_id("chatcmpl-") for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(r"chatcmpl-[0-9a-f]{32}", each) for each in ids)


def test_the_engines_are_those_of_the_generations() -> None:
    engine = scripted()
    assert parts_of(engine, ServerSettings()).engines == {MODEL: engine}
