"""The kinds of files, one module each, on what they share: XML as events, packages, running text.

Only the locked process reads with them; `every` decides which one.
"""
