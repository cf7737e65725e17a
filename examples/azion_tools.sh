#!/bin/sh
# Azion AI Inference's tool calling example; only the URL and the key are changed.
curl "$OPENAI_BASE_URL/chat/completions" \
-H "Authorization: Bearer $OPENAI_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"stream": true,
"model": "gpt-oss-20b",
"max_tokens": 1024,
"messages": [
{"role": "system", "content": "You are a helpful assistant with access to tools."},
{"role": "user", "content": "What is the weather in London?"}
],
"tools": [
{
"type": "function",
"function": {
"name": "get_weather",
"description": "Get the current weather for a location",
"parameters": {
"type": "object",
"properties": {
"location": {
"type": "string",
"description": "The city and state"
}
},
"required": ["location"]
}
}
}
]
}'
