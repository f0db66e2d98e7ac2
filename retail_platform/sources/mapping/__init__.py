"""A retailer described by a folder: `mapping.toml` names inputs, one SQL file a dataset makes its rows."""
