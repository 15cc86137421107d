"""Staff pages; staff look things up and never read passages or originals here."""

from documents.admin import embeddings, golden, library

__all__ = ["embeddings", "golden", "library"]
