"""Archives: what is in them comes out as files of their own."""

from ingestion.parsing.archives import compressed, seven_zip, signed, zipped  # noqa: F401 -- readers
