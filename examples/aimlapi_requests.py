"""AI/ML API's chat example for the requests library; only the URL and the key are changed."""

import json  # for getting a structured output with indentation
import os

import requests

response = requests.post(
    os.environ["OPENAI_BASE_URL"] + "/chat/completions",
    headers={
        "Content-Type": "application/json",
        "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}",
    },
    json={
        "model": "openai/gpt-oss-20b",
        "messages": [
            {
                "role": "user",
                # Insert your question for the model here, instead of Hello:
                "content": "Hello",
            }
        ],
    },
)

data = response.json()
# getting a structured output with indentation
print(json.dumps(data, indent=2, ensure_ascii=False))
