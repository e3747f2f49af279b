"""The one way through the house: the policy enforcement point.

`pipeline` takes a request from the door to the provider, `relay` brings the answer back, `memory` spares work on texts
that were seen before. No web framework, no SQL, no detector is imported here: what is needed comes through
`gateway.ports`.
"""
