#!/bin/sh
# Azion AI Inference's basic chat example; only the URL and the key are changed.
curl "$OPENAI_BASE_URL/chat/completions" \
-H "Authorization: Bearer $OPENAI_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"stream": true,
"model": "gpt-oss-20b",
"max_tokens": 1024,
"messages": [
{"role": "system", "content": "You are a helpful assistant."},
{"role": "user", "content": "Name the european capitals"}
]
}'
