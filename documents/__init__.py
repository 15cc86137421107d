"""Collections, documents, passages, their embeddings, and search over them."""
