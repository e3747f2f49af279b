"""One file per change of the tables, oldest first by its number. A released file is never edited."""
