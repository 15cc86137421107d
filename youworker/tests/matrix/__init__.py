"""Who may do what: roles, routes, socket frames and ids, as tables that must be complete."""
