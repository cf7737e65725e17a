#!/bin/sh
# Azion AI Inference's example with additional parameters, which it writes for its own runtime, as a request of curl.
curl "$OPENAI_BASE_URL/chat/completions" \
-H "Authorization: Bearer $OPENAI_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"model": "gpt-oss-20b",
"stream": true,
"max_tokens": 1024,
"temperature": 0.7,
"top_p": 0.9,
"messages": [
{
"role": "system",
"content": "You are a helpful assistant that provides detailed explanations."
},
{
"role": "user",
"content": "Explain the concept of machine learning in simple terms."
}
]
}'
