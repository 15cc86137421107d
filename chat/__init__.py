"""Sessions, runs and their event log, the agent, and the models it speaks with."""
