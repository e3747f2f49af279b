"""The first set-up in the browser: a small application of its own, until there is a house."""
