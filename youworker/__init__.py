"""The project: settings, routing, processes; knows every app and is known by none."""
