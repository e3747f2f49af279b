"""Casework of the data protection officer: findings, incidents, requests of people, complaints."""
