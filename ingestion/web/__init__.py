"""The web as a place to read from: addresses, links, servers, single fetches."""
