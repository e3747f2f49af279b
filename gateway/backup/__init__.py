"""Backups: the whole house in one encrypted file, and back.

`sealing` is the encryption (a stream of authenticated pieces), `archive` what lies in it (named entries, each with its
checksum), `making` writes one while the house goes on working, `restoring` makes a house from one.
"""
