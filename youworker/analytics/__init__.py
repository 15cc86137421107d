"""What was done over time: sums of usage events, for the user and for staff."""
