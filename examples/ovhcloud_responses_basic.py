"""OVHcloud AI Endpoints' Responses API quickstart; only the URL and the key are changed."""

import os

from openai import OpenAI

api_key = os.environ["OPENAI_API_KEY"]

client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=api_key,
)

response = client.responses.create(
    model="gpt-oss-20b",
    input="Explain RAG in one paragraph.",
    store=False,
)

print(response.output_text)
