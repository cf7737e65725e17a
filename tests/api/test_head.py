from ossian.api.head import Head


def test_the_head_comes_first_in_every_chunk() -> None:
    body = Head("chatcmpl-1", 1_763_680_000, "ossian-nano", "fp_1").body("chat.completion.chunk")
    assert list(body.items()) == [
        ("id", "chatcmpl-1"),
        ("object", "chat.completion.chunk"),
        ("created", 1_763_680_000),
        ("model", "ossian-nano"),
        ("system_fingerprint", "fp_1"),
    ]
