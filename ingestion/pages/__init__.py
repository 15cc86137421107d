"""Ingestion as pages: handing files in, and watching them."""
