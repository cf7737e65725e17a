"""OVHcloud AI Endpoints' Responses API example of function calling; only the URL and the key are changed."""

import json
import os

from openai import OpenAI

api_key = os.environ["OPENAI_API_KEY"]

client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=api_key,
)


# 1) Tool implementation (your code)
def get_vat_rate(country: str) -> float:
    if country.lower() in ["france", "fr"]:
        return 0.20
    raise ValueError("Unsupported country")


TOOLS = [
    {
        "type": "function",
        "name": "get_vat_rate",
        "strict": False,
        "description": "Return the VAT rate for a given country.",
        "parameters": {
            "type": "object",
            "properties": {"country": {"type": "string"}},
            "required": ["country"],
            "additionalProperties": False,
        },
    }
]

# 2) First call: let the model decide whether to call the tool
input_items = [
    {"type": "message", "role": "user", "content": "What is the VAT rate in France? If needed, call the tool."}
]

first = client.responses.create(
    model="gpt-oss-20b",
    store=False,
    input=input_items,
    tools=TOOLS,
)

# 3) If a tool call is present, execute it and send the tool result back
tool_calls = getattr(first, "tool_calls", None) or []
if tool_calls:
    call = tool_calls[0]
    args = json.loads(call.function.arguments)
    result = get_vat_rate(**args)

    input_items.extend(
        [
            {
                "type": "message",
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.function.name, "arguments": call.function.arguments},
                    }
                ],
            },
            {
                "type": "message",
                "role": "tool",
                "tool_call_id": call.id,
                "name": call.function.name,
                "content": json.dumps({"vat_rate": result}),
            },
        ]
    )

    final = client.responses.create(
        model="gpt-oss-20b",
        store=False,
        input=input_items,
        tools=TOOLS,
    )

    print(final.output_text)
else:
    # The model might answer directly without calling a tool.
    print(first.output_text)
