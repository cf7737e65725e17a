"""How many tokens a step may have so that running answers keep their pace: learned from the steps that ran."""

LEAST_PREFILL = 64  # tokens: so many choose every expert between them, so a smaller step reads hardly less
LEARNING_RATE = 0.5  # the share of an error that is corrected at once


class StepPace:
    """Expects a step of n tokens to take a + b · n seconds, and corrects a and b by what it took.

    The correction is that of normalized least mean squares (J. Nagumo and A. Noda, A learning method for system
    identification, 1967), which needs no history: whatever else a step's time depends on, as the depth of its
    prompts, the expectation follows it where steps are made. Time comes from outside.
    """

    def __init__(self, target_seconds: float) -> None:
        self.target_seconds = target_seconds
        self._seconds = 0.0  # a: of every step
        self._seconds_per_token = 0.0  # b
        self._has_learned = False

    def note(self, num_tokens: int, seconds: float) -> None:
        """Learn from a step. Those of fewer tokens than `LEAST_PREFILL` are on another line, and teach nothing."""
        if num_tokens < LEAST_PREFILL:
            return
        expected = self._seconds + self._seconds_per_token * num_tokens
        error = seconds - expected
        if expected > 0:  # one step may be held up by anything: it counts as twice what was expected at most
            error = LEARNING_RATE * min(error, expected)
        share = error / (LEAST_PREFILL**2 + num_tokens**2)
        self._seconds = max(0.0, self._seconds + share * LEAST_PREFILL**2)
        self._seconds_per_token = max(0.0, self._seconds_per_token + share * num_tokens)
        self._has_learned = True

    def max_num_tokens(self, max_num_tokens: int) -> int:
        """The most tokens, up to `max_num_tokens`, of a step within the target; none while no step has taught."""
        left = self.target_seconds - self._seconds
        if not self._has_learned or left <= 0:
            return 0
        is_within = self._seconds_per_token * max_num_tokens <= left
        return max_num_tokens if is_within else int(left / self._seconds_per_token)
