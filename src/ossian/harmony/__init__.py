"""Harmony, the format gpt-oss models read and write: conversation to token ids, token ids to events."""
