"""A mixed load in a steady state, and whether anything is lost or grows under it."""
