"""YouWorker, and its tool servers alone, for other hosts of the Model Context Protocol."""
