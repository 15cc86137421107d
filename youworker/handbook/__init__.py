"""The handbook under `/help`: Markdown files of the product, rendered, listed and searched."""
