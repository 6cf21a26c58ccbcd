"""The history of points and what is made of it."""
