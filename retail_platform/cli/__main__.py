"""`python -m retail_platform.cli` is the `retail` command."""

from retail_platform.cli import app

app()
