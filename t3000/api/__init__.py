"""The REST API of what panels hold."""
