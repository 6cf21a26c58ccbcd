"""The Django project, and what a panel holds: points and their values."""
