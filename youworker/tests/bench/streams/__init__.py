"""Many who read, leave, come back and stop: what is lost, what it costs, what is given back."""
