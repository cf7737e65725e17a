"""OVHcloud AI Endpoints' Responses API example of a reasoning effort; only the URL and the key are changed."""

import os

from openai import OpenAI

api_key = os.environ["OPENAI_API_KEY"]

client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=api_key,
)

resp = client.responses.create(
    model="gpt-oss-20b",
    store=False,
    input="Compute 17*23 and explain the steps.",
    reasoning={"effort": "medium"},
)

print(resp.output_text)
