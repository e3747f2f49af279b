"""Every knob, typed and documented, from the environment (``KI_PFORTE_*``) or ``pforte.yaml`` in HOME.

The environment wins. A setting that is misspelt, missing or contradictory stops the start with one sentence that
says what to write: `load` raises `SettingsError`.
"""
