"""OVHcloud AI Endpoints' chat example for the requests library; only the URL and the key are changed."""

import os

import requests

url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"

payload = {
    "max_tokens": 512,
    "messages": [{"content": "Explain gravity to a 6 years old", "role": "user"}],
    "model": "gpt-oss-20b",
    "temperature": 0,
}

headers = {
    "Content-Type": "application/json",
    "Authorization": f"Bearer {os.getenv('OPENAI_API_KEY')}",
}

response = requests.post(url, json=payload, headers=headers)
if response.status_code == 200:
    # Handle response
    response_data = response.json()
    # Parse JSON response
    choices = response_data["choices"]
    for choice in choices:
        text = choice["message"]["content"]
        # Process text and finish_reason
        print(text)
        reasoning_text = choice["message"]["reasoning_content"]
        # Process reasoning_content
        print(reasoning_text)
else:
    print("Error:", response.status_code, response.text)
