"""The base of the REST API: views, errors, rate limits, pages, formats, schema."""
