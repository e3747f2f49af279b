"""Reports: what the house says about itself, as values made from what is in force and what happened."""
