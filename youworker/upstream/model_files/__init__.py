"""Model files of this machine: which there are, what they say of themselves, how they do."""
