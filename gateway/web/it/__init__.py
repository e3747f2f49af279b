"""The page of IT: what can fail, how it stands, what to do; and the switch that stops a model."""
