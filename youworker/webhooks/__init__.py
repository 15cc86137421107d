"""Webhooks: what happens here, told to other programs by signed requests that are repeated."""
