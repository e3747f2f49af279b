"""Pages of casework: findings, incidents, requests of people, complaints of citizens, feedback from staff."""
