"""How numbers, dates and measures are written, in English and French: for the dashboard and for reports."""
