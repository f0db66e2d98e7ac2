"""The clients domain."""
