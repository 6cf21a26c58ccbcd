"""An app of the tests: a model with secrets."""
