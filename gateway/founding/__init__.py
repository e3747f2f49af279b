"""Setting the house up for the first time: what is asked, and what becomes of the answers.

``ki-pforte init`` asks at the terminal, ``/setup`` in the browser; both ask `gateway.model.first_setup` and hand the
answers to `gateway.founding.founding.found`.
"""
