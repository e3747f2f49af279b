"""Casework: what the data protection officer is told, looks into, decides and answers.

::

    rules        what is worth a finding, and the words for it              deadlines   until when
    watching     reads the ledger on, counts, raises findings by itself     conditions  what holds now and should not
    matters      acts: open, note, move, assign                             form        the fields of Art. 33(3) GDPR
    incidents    from a finding to a report                                 dossier     the file of an incident, as data
    requests     Art. 15 and 17 GDPR, complaints, feedback                  telling     e-mail: at once, and monthly
    watch        all of it, in the background of every process              desk        what pages ask for

Kept true: every change is one transaction with its record in the ledger, which is told numbers, states and digests and
never what somebody wrote; a cause raises one finding, in however many processes; nothing is ever about a single person
(groups under five people are told together). Like `gateway.registry` this room stands above the adapters.
"""
