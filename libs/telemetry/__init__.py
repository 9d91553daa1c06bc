"""Logs, metrics and traces. Import its modules: metrics are shared before they are imported."""
