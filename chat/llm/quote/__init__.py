"""The built-in model, which quotes the documents of its user."""
