"""The REST API: what every endpoint shares, and the endpoints of what is installed."""
