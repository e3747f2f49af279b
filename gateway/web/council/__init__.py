"""The workplace of the Personalrat: what needs their agreement, what they are told, and nothing else."""
