"""Answers evaluated on golden questions: asked by whole runs, with the rights of one person."""
