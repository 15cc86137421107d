"""Other servers we ask: model servers through one client, pages and files through one fetcher."""
