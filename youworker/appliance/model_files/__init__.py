"""Model files served by llama.cpp: a process each, and how it does."""
