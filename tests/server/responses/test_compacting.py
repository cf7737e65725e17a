from dataclasses import replace

from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from tests.server.responses.asking import SUNNY, respond
from tests.server.serving import MODEL, serving, turn_ids
from tests.specs.validators import check_response


def test_what_was_compacted_fits_the_context_with_room_for_an_answer() -> None:
    engine = ScriptedEngine(turn_ids(SUNNY), info=replace(SCRIPTED_INFO, max_model_len=1000, default_temperature=0.3))
    with serving(engine) as served:
        history = [{"role": "user", "content": f"m{number} " + "word " * 60} for number in range(20)]
        compacted = served.post("/v1/responses/compact", json={"model": MODEL, "input": history}).json()
        check_response(compacted)
        respond(served, input=[*compacted["output"], {"role": "user", "content": "Go on."}], max_output_tokens=400)
    assert [request.sampling.temperature for request in engine.requests] == [0.3, 0.3]
    *kept, compaction = compacted["output"]
    assert [item["content"][0]["text"].split()[0] for item in kept] == ["m17", "m18", "m19"]
    assert compaction["type"] == "compaction"
    (warning,) = compacted["ossian"]["warnings"]  # the model could not see the oldest either
    assert warning["code"] == "input_truncated"
