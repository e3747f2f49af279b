"""The registry: every act on people, passes, keys and sign-ins, once, for commands and for pages alike.

An act is one transaction of the database with one record in the ledger inside it: when the record cannot be written,
nothing has happened. What is known of who acts goes into the record as an opaque id and a role (`books.Actor`).

Not known here: forms, HTML, CSV files on somebody's disk, HTTP. Whoever calls says what should happen and gets values
(`gateway.model`) or an error with a sentence for people (`gateway.store.InvalidError` and its kin) back.
"""

from gateway.registry.books import Actor, Books

__all__ = ["Actor", "Books"]
