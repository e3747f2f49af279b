"""The workplace of the data protection officer and the Personalrat, below ``/review``."""
