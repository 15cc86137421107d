"""Finding out what model servers and their models can."""
