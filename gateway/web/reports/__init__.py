"""Reports, released papers, and what the public is told. The house makes them (`gateway.reports`); here they show."""
