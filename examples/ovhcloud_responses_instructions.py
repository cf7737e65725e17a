"""OVHcloud AI Endpoints' Responses API example of `instructions`; only the URL and the key are changed."""

import os

from openai import OpenAI

api_key = os.environ["OPENAI_API_KEY"]

client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=api_key,
)

resp = client.responses.create(
    model="gpt-oss-20b",
    instructions="You are a technical writer. Answer in British English.",
    input="Write a short definition of embeddings.",
    store=False,
)

print(resp.output_text)
