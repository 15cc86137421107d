"""A small installation with rows of every kind: made once, restored by tests of later versions.

`.venv/bin/python -m youworker.tests.installation FILE.tar.xz` makes one with the code at hand.
The archive has a plain dump of the database, the folders of the data directory, and `facts.json`
with all that a test has to know: passwords, keys and ids. Its secrets protect nothing else.
"""
