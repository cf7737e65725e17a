#!/bin/sh
# A request with every parameter of E2E TIR's reference for gpt_oss_120b, at its documented example values; only the URL and
# the key are changed. STREAM=true asks for the stream.
curl "$OPENAI_BASE_URL/chat/completions" \
-H "Authorization: Bearer $OPENAI_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"model": "gpt_oss_120b",
"messages": [{"role": "user", "content": "Can you write a short greeting?"}],
"temperature": 0.5,
"max_tokens": 1024,
"top_p": 1,
"frequency_penalty": 0,
"presence_penalty": 1,
"stream": '"${STREAM:-false}"'
}'
