"""The rules by which rows, files, passages and vectors belong together."""

from documents.inspection.files import FILE_CHECKS
from documents.inspection.passages import PASSAGE_CHECKS
from documents.inspection.vectors import VECTOR_CHECKS

LIBRARY_CHECKS = (*FILE_CHECKS, *PASSAGE_CHECKS, *VECTOR_CHECKS)

__all__ = ["LIBRARY_CHECKS"]
