"""The inbound side: one handler for every dialect, the list of models, health, and errors that people can read."""
