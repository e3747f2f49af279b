"""Papers: a report as a value (`report`), and the forms it takes: HTML, PDF/UA, CSV, JSON (`forms`).

Pure: a paper is made of nothing but the value, so the same value gives the same bytes on every machine, and everybody
who makes papers (reports, files of incidents, pages) makes them the same way. Not known here: where numbers come from,
and who may read them.
"""
