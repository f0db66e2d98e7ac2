"""How rows and tables are judged: validation against a contract, and the asset checks built from rules."""
