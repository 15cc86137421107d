"""Deterministic vectors: texts that share words point in similar directions."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from typing import Any

WORD = re.compile(r"\w+")


def embedding(text: str, dimensions: int) -> list[float]:
    """A normalised vector of hashed words; the same text always gives the same one."""
    vector = [0.0] * dimensions
    for word in WORD.findall(text.lower()) or [""]:
        digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
        vector[digest % dimensions] += 1.0 if digest >> 63 else -1.0
    length = math.sqrt(sum(number * number for number in vector))
    if not length:  # Two words met in one place with opposite signs.
        vector[0] = length = 1.0
    return [number / length for number in vector]


def embeddings_answer(body: dict[str, Any], dimensions: int) -> dict[str, Any]:
    """The answer of `/v1/embeddings`, as floats or as base64."""
    given = body.get("input") or []
    texts = [given] if isinstance(given, str) else [str(text) for text in given]
    wanted = int(body.get("dimensions") or dimensions)
    encode = as_base64 if body.get("encoding_format") == "base64" else list
    rows = [
        {"object": "embedding", "index": index, "embedding": encode(embedding(text, wanted))}
        for index, text in enumerate(texts)
    ]
    used = sum(len(text) // 4 + 1 for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": body.get("model", ""), "data": rows, "usage": usage}


def as_base64(vector: list[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI packs them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
