"""A company that does not exist, to look at the product with: `manage.py seed_demo`."""
