"""The pages of groups: who is in them, and the programs that work for them."""
