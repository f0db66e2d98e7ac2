"""Where rows come from. `base` says what a source is; `open_source` makes the one the settings name."""
