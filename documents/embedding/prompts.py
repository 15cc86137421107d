"""What models want before a text: many were trained to tell questions from passages by it.

From the models' own pages: `config_sentence_transformers.json` where there is one, else the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# In a setting: nothing before texts, whatever the model is known to want.
NONE = "none"


class Prompts(NamedTuple):
    """What is put before a question, and before a passage."""

    query: str = ""
    passage: str = ""


RETRIEVE = "Given a web search query, retrieve relevant passages that answer the query"
REPRESENT = "Represent this sentence for searching relevant passages: "
# By parts of names, as model servers spell them: "intfloat/multilingual-e5-large",
# "nomic-embed-text:latest", "Qwen3-Embedding-0.6B-Q8_0.gguf". The first that fits counts.
KNOWN = [
    (r"e5-mistral|e5-large-instruct", Prompts(f"Instruct: {RETRIEVE}\nQuery: ")),
    (r"(^|\W|_)e5(-|_)", Prompts("query: ", "passage: ")),
    (r"nomic-embed", Prompts("search_query: ", "search_document: ")),
    (r"qwen3-embedding", Prompts(f"Instruct: {RETRIEVE}\nQuery:")),
    (r"gte-qwen2", Prompts(f"Instruct: {RETRIEVE}\nQuery: ")),
    (r"embedding-?gemma", Prompts("task: search result | query: ", "title: none | text: ")),
    (r"bge-(small|base|large)-zh", Prompts("为这个句子生成表示以用于检索相关文章\uff1a")),
    (r"bge-(small|base|large)", Prompts(REPRESENT)),
    (r"mxbai-embed", Prompts(REPRESENT)),
    (r"arctic-embed.*(v2|2\.0)|arctic-embed2", Prompts("query: ")),
    (r"arctic-embed", Prompts(REPRESENT)),
    (
        r"jina-embeddings-v3",
        Prompts(
            "Represent the query for retrieving evidence documents: ",
            "Represent the document for retrieval: ",
        ),
    ),
    (r"jina-embeddings-v4", Prompts("Query: ", "Passage: ")),
    (r"ruri", Prompts("検索クエリ: ", "検索文書: ")),
    (r"llama-embed-nemotron", Prompts(f"Instruct: {RETRIEVE}\nQuery: ")),
]


def known_prompts(name: str) -> Prompts:
    """What is known of a model by its name; nothing of one that is not known."""
    for part, prompts in KNOWN:
        if re.search(part, name, re.IGNORECASE):
            return prompts
    return Prompts()


def told(setting: str, *, otherwise: str) -> str:
    """A prompt as a setting spells it; a line break is written as `\\n` there."""
    if not setting:
        return otherwise
    return "" if setting == NONE else setting.replace("\\n", "\n")
