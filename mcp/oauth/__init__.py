"""Signing in to tool servers: OAuth 2.1 for each user, by the official SDK's rules.

The SDK's own provider asks the user while a request waits, in one process; here a browser leaves
and comes back to any process, and tokens are rows. So its models and checks are used, its flow is
not. Importing takes as long as the SDK: services import these modules when they need them.
"""
