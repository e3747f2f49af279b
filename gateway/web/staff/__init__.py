"""What staff see of their own: where they stand, what they used, what became of each of their requests."""
