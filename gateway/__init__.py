"""KI-Pforte, the gateway: everyone who takes work outside to a language model passes here.

The plan of the house (imports only point down, siblings never import each other)::

    4  cli, app > desks > house      composition root: the only place that knows everybody
       registry, casework, reid, reports, census, generation    acts on people and passes, on cases, by two people;
                             what the house says about itself; what is counted; which policies are in force
    3  http | web | identity | detection | upstream | store | limits | ledger | telemetry     adapters
    2  pipeline              the one way through the house (policy enforcement point)
    1  wire | redaction | policy > kipass | paper     pure: no await, no clock, no network, no SQL
    0  ports, errors, settings, model          vocabulary

Beside it stands ``audit``, a second house that does not know this one exists.
"""

import gc
import os

# Before anything imports numpy: the matrices of the name recogniser are small, and threads of the linear algebra
# library would cost more than they save.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Starting makes a million objects that stay, and a request some thousand that go by themselves: looking for cycles
# among them every 700 objects, Python's default, costs half a second of the start and a tenth of a request.
gc.set_threshold(50_000, 20, 100)

__version__ = "0.1.0"
