"""APIs that are described by an OpenAPI document, whose operations become tools."""
