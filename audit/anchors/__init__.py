"""Anchors: places outside the database, and best outside the house, where notes are kept.

A note that somebody else holds is what makes a shortened or rewritten log show. Each sink gets the whole note (size
*and* root). Traffic does not wait for anchors; a sink that has not taken a note for a day is a warning.

    file      a file that only grows, on a disk of somebody else          audit.anchors.file
    mail      the postbox of the data protection officer                   audit.anchors.mail
    syslog    the central log of the house (RFC 5424 over UDP, TCP, TLS)   audit.anchors.syslog
    witness   a neighbour who remembers and countersigns (C2SP tlog-witness)   audit.anchors.witness

`sink_of` reads the address of a sink, `Anchorer` (`audit.anchors.anchorer`) sends. Standard library and `cryptography`.
"""

from audit.anchors.sinks import AnchorError, Sink, sink_of

__all__ = ["AnchorError", "Sink", "sink_of"]
