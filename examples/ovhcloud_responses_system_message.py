"""OVHcloud AI Endpoints' Responses API example of a system message; only the URL and the key are changed."""

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
    input=[
        {"type": "message", "role": "system", "content": "You are a technical writer. Answer in British English."},
        {"type": "message", "role": "user", "content": "Write a short definition of embeddings."},
    ],
)

print(resp.output_text)
