"""What the dashboard knows of the lake: tables cached by version, and measures summed from them."""
