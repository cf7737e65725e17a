"""OVHcloud AI Endpoints' Responses API conversation that the client keeps; only the URL and the key are changed."""

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
        {"type": "message", "role": "user", "content": "My name is Stéphane."},
        {"type": "message", "role": "assistant", "content": "Hello Stéphane! How can I help?"},
        {"type": "message", "role": "user", "content": "What is my name?"},
    ],
)

print(resp.output_text)
