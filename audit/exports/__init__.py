"""Taking records along: whole as a bundle, or filtered as JSON Lines, CSV, OCSF events or syslog lines.

``source`` reads, ``lines`` is lossless, ``sheet``, ``ocsf`` and ``syslog`` say the facts of a record in the words of
others. Kept true: who a record is about is in the lossless form only (as its pseudonym), never in the others; every
export leaves a record before its file gets its name, and an export that fails leaves no file.
"""
