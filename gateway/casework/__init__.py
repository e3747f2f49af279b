"""Casework: what the data protection officer is told, looks into, decides and answers.

::

    watching     reads the ledger on, counts, raises findings by itself     conditions  what holds now and should not
    matters      acts: open, note, move, assign
    incidents    from a finding to a report                                 dossier     the file of an incident, a paper
    requests     Art. 15 and 17 GDPR, complaints, feedback                  telling     e-mail: at once, and monthly
    watch        all of it, in the background of every process              desk        what pages and commands ask

The words of it are vocabulary and stand below: `gateway.model.casework` (matters), `gateway.model.findings` (rules),
`gateway.model.incident` (the fields of Art. 33(3) GDPR), `gateway.model.deadlines`.

Kept true: every change is one transaction with its record in the ledger, which is told numbers, states and digests and
never what somebody wrote; a cause raises one finding, in however many processes; nothing is ever about a single person
(groups under five people are told together). Like `gateway.registry` this room stands above the adapters.
"""
