"""OVHcloud AI Endpoints' Responses API example of a stream; only the URL and the key are changed."""

import os

from openai import OpenAI

api_key = os.environ["OPENAI_API_KEY"]

client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=api_key,
)

stream = client.responses.create(
    model="gpt-oss-20b",
    input="Write a haiku about cloud computing.",
    stream=True,
    store=False,
)

for event in stream:
    # The exact event fields can vary by SDK version.
    # A common approach is to print any incremental output text.
    delta = getattr(event, "delta", None)
    if delta:
        print(delta, end="", flush=True)
