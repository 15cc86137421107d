"""An embedding model that comes with the project, on the CPU of this machine."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from documents.encoder.arithmetic import normalised, without_common
from documents.encoder.known import FOLDER, MODELS
from documents.encoder.tokens import tokenizer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

LONGEST_CHARACTERS = 20_000  # more cannot reach the last token that is read
THREADS = min(2, os.cpu_count() or 1)


class LocalEmbedder:
    """An ONNX sentence encoder: the mean of what it says of the tokens, then length 1."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name = name
        self.dimensions = dimensions
        self.known = MODELS[name]
        self.tokenizer = tokenizer_of(FOLDER / name, longest=self.known.longest)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        # The arena keeps the memory of the largest batch for ever.
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Processors without VNNI would cut sums of 8-bit products off, and give other vectors.
        options.add_session_config_entry("session.x64quantprecision", "1")
        self.session = onnxruntime.InferenceSession(
            str(FOLDER / name / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def embed(
        self,
        texts: Sequence[str],
        *,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> NDArray[np.float32]:
        """Vectors of length 1, shape [texts, dimensions].

        Each batch is computed in a `turn`, which may wait while others have more urgent texts.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        tokens = self.tokenizer.encode([text[:LONGEST_CHARACTERS] for text in texts])
        for batch in batches_of(tokens, most=self.known.batch):
            with turn():
                vectors[batch] = self.embed_batch([tokens[index] for index in batch])
        return vectors

    def embed_question(self, question: str, prompt: str) -> NDArray[np.float32]:
        """The vector to search with, shape [dimensions]: of what this question asks."""
        mean = self.weighted_mean(question, prompt)
        vector: NDArray[np.float32] = without_common(self.name, mean[None, :])[0]
        return vector

    def weighted_mean(self, question: str, prompt: str) -> NDArray[np.float32]:
        """The mean in which the tokens that say most of a question count most, of length 1."""
        (tokens,) = self.tokenizer.encode([(prompt + question)[:LONGEST_CHARACTERS]])
        states = self.read([tokens])[0][0]
        weights = np.array(self.tokenizer.weigh(tokens, prompt), np.float32)
        mean: NDArray[np.float32] = normalised((weights @ states)[None, :])[0]
        return mean

    def embed_batch(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors of one padded batch."""
        states, mask = self.read(tokens)
        weights = mask[:, :, None].astype(np.float32)
        return normalised((states * weights).sum(axis=1) / weights.sum(axis=1))

    def read(
        self, tokens: Sequence[Sequence[int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """What the model says of each token, shape [texts, longest, dimensions], and where one is.

        The second has the shape [texts, longest], 0 where a text is padded.
        """
        longest = max(map(len, tokens))
        ids = np.full((len(tokens), longest), self.tokenizer.padding, np.int64)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(tokens):
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return self.session.run(["last_hidden_state"], inputs)[0], mask


def batches_of(tokens: Sequence[Sequence[int]], *, most: int) -> Iterator[list[int]]:
    """The places of texts that are computed together: some of like length, or a long one alone."""
    batch: list[int] = []
    for index in sorted(range(len(tokens)), key=lambda index: len(tokens[index])):
        # The last is the longest, to which the others are padded.
        if batch and (len(batch) + 1) * len(tokens[index]) > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
