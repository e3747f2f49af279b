"""Reports: what the house says about itself, as values made from what is in force and what happened.

A report is a `gateway.paper.report.Report`; `gateway.paper.forms.file_of(report, "pdf")` makes the file (pages, files
of incidents and commands do the same). Here stand what reports are made of and who is told what:

    figures      numbers of months that are over, about five people or more each, kept when the records are gone
    periods      years and quarters
    happenings   what the ledger says happened in a period: decisions about people, never what somebody did
    works_council  leadership  transparency     who gets the numbers
    processing  dpia  fria  systems  annex      what is in force, in the words of the law and of the agreement
    described    sections that several of them have
    desk         all of them by name: made, given out with a hash in the ledger, released by the officer
"""
