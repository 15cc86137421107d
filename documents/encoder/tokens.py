"""Texts as the numbers of their tokens, by the tokenizer that a model was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Tokenizer(Protocol):
    """The tokenizer of one model."""

    padding: int

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text with those that begin and end it, cut to what a model reads."""
        ...

    def weigh(self, tokens: Sequence[int], prompt: str) -> list[float]:
        """How much each token of a question says about it, which stands behind a prompt."""
        ...


def tokenizer_of(folder: Path, *, longest: int) -> Tokenizer:
    """The tokenizer in the folder of a model; each library is loaded where it is needed."""
    if (folder / "sentencepiece.model").exists():
        return SentencePieces(folder, longest)
    return WordPieces(folder, longest)


class WordPieces:
    """BERT's own."""

    padding = 0

    def __init__(self, folder: Path, longest: int) -> None:
        from tokenizers import Tokenizer as Library  # noqa: PLC0415 -- see `tokenizer_of`

        self.library = Library.from_file(str(folder / "tokenizer.json"))
        self.library.enable_truncation(longest)
        self.library.no_padding()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text."""
        return [encoding.ids for encoding in self.library.encode_batch(list(texts))]

    def weigh(self, tokens: Sequence[int], prompt: str) -> list[float]:
        """Each as much as the others: how frequent they are is not known."""
        return [1.0] * len(tokens)


class SentencePieces:
    """XLM-RoBERTa's, in a fifth of the memory that `tokenizers` takes for it."""

    begin, padding, end = 0, 1, 2

    def __init__(self, folder: Path, longest: int) -> None:
        from sentencepiece import SentencePieceProcessor  # noqa: PLC0415 -- see `tokenizer_of`

        self.library = SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
        self.most = longest - 2

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text."""
        return [
            [self.begin, *pieces[: self.most], self.end]
            for pieces in self.library.encode(list(texts))
        ]

    def weigh(self, tokens: Sequence[int], prompt: str) -> list[float]:
        """The squared information of each token; those around the question say nothing of it.

        "How", "is" and "the" are in most questions, and so would be in most of its mean.
        """
        before = 1 + len(self.library.encode(prompt))
        weights = [self.library.get_score(token) ** 2 for token in tokens]
        weights[:before], weights[-1] = [0.0] * min(before, len(tokens)), 0.0
        return weights if any(weights) else [1.0] * len(tokens)
