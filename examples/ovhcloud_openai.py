"""OVHcloud AI Endpoints' chat example for OpenAI's client; only the URL and the key are changed."""

import os

from openai import OpenAI

url = os.environ["OPENAI_BASE_URL"]

client = OpenAI(base_url=url, api_key=os.getenv("OPENAI_API_KEY"))


def chat_completion(new_message: str) -> str:
    history_openai_format = [{"role": "user", "content": new_message}]
    choice = client.chat.completions.create(
        model="gpt-oss-20b",
        messages=history_openai_format,
        temperature=0,
        max_tokens=1024,
        reasoning_effort="low",  # Either low, medium, or high
    ).choices.pop()

    print(f"** REASONING ** \n {choice.message.reasoning_content}\n")
    print(f"** CONTENT ** \n {choice.message.content}")


if __name__ == "__main__":
    chat_completion("Explain gravity for a 6 years old")
