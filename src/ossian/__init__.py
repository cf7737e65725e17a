"""Ossian: run OpenAI's gpt-oss models yourself, behind the whole OpenAI HTTP API."""

__version__ = "0.1.0"
