"""The pure heart: findings in, placeholders out, and the way back.

`redact` turns texts and findings into texts that may leave and a `Mapping`; `Restorer` puts the values back into an
answer, piece by piece. No await, no clock, no network, no model: everything here is a function of its arguments.
"""
