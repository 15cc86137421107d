"""The embedding model that comes with the project; knows no Django, so its process stays small."""
