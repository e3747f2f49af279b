"""The nouns of the house: frozen values that every floor may use and none may change.

Nothing here awaits, reads a clock, opens a file or imports another room.
"""
