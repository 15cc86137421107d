"""The embedding model that comes with the project, on the CPU of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from documents.encoder.arithmetic import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MODELS = Path(__file__).parent / "models"
LONGEST = 256  # tokens; what the model was trained with
BATCH = 8  # measured: bigger batches are slower and take gigabytes
LONGEST_CHARACTERS = 20_000  # more cannot reach the first 256 tokens
THREADS = min(2, os.cpu_count() or 1)


class LocalEmbedder:
    """An ONNX sentence encoder: mean pooling over the attention mask, then length 1."""

    def __init__(self, name: str, dimensions: int) -> None:
        folder = MODELS / name
        self.name = name
        self.dimensions = dimensions
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST)
        self.tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        # The arena keeps the memory of the largest batch for ever.
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions]."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        encoded = self.tokenizer.encode_batch([text[:LONGEST_CHARACTERS] for text in texts])
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index].ids))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            vectors[batch] = self.embed_batch([encoded[index] for index in batch])
        return vectors

    def embed_batch(self, encoded: Sequence[Encoding]) -> NDArray[np.float32]:
        """Vectors of one padded batch."""
        longest = max(len(item.ids) for item in encoded)
        ids = np.zeros((len(encoded), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, item in enumerate(encoded):
            ids[row, : len(item.ids)] = item.ids
            mask[row, : len(item.ids)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self.session.run(["last_hidden_state"], inputs)[0]
        weights = mask[:, :, None].astype(np.float32)
        return normalised((states * weights).sum(axis=1) / weights.sum(axis=1))
