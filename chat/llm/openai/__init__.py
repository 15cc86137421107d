"""Models on a server that speaks OpenAI's chat completions."""
