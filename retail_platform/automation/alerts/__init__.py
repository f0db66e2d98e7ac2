"""Alerts: problems become incidents, incidents become few messages, messages reach every channel."""
