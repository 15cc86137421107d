"""The embedding models that come with the project; know no Django, so their process stays small."""
