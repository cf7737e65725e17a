"""What ossian-nano can do: each module makes exchanges (question, analysis, answer) for one skill."""
