"""Finding out who stands behind a pseudonym, by two people, and what else needs the consent of two."""
