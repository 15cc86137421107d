"""What every app may use and what uses no app."""
