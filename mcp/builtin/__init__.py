"""The servers that come with the product."""
