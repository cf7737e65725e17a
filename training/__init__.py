"""How the demonstration model ossian-nano was made: data, training, export, evaluation."""
