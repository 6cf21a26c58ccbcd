"""Register maps of products as data, one TOML file each."""
