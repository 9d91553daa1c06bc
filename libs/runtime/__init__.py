"""The entry point of every service."""

from libs.runtime.program import Program, main

__all__ = ["Program", "main"]
