"""Engines: token ids in, token ids out. Text, chat and HTTP stop at this door."""
