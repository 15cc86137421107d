"""OpenAI's protocol as we answer it; `chat.llm.openai` is how model servers are asked in it."""
