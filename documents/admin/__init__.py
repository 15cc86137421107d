"""Staff pages; staff look things up and never read passages or originals here."""

from documents.admin import embeddings, evaluations, golden, library

__all__ = ["embeddings", "evaluations", "golden", "library"]
