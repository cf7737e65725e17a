from ossian.cli.bench.cases import Output, plan, sections_of
from ossian.cli.bench.texts import NEW_NAME, OLD_NAME, prompt_and_output
from ossian.harmony.encoding import load_encoding

NGRAM = 4


def share_of_known_ngrams(prompt: list[int], output: list[int]) -> float:
    """Of the output's n-grams, those that the prompt has."""
    known = {tuple(prompt[start : start + NGRAM]) for start in range(len(prompt))}
    found = [tuple(output[start : start + NGRAM]) in known for start in range(len(output) - NGRAM)]
    return sum(found) / len(found)


def outputs() -> list[Output]:
    cases = plan(sections_of("speculation"), 1, is_quick=False).cases
    return [case for case in cases if isinstance(case, Output)]


def test_texts_are_as_long_as_their_cases_say() -> None:
    for case in outputs():
        prompt, output = prompt_and_output(case)
        assert (len(prompt), len(output)) == (case.num_prompt_tokens, case.num_tokens)


def test_copied_text_is_the_prompt_with_a_name_changed() -> None:
    prompt, output = (load_encoding().decode(ids) for ids in prompt_and_output(Output("copied")))
    shorter = output[: len(output) - len(NEW_NAME)]  # the cut may be within a name
    assert prompt.replace(OLD_NAME, NEW_NAME).startswith(shorter)
    assert NEW_NAME in shorter
    assert OLD_NAME in prompt


def test_copied_text_can_be_foreseen_and_prose_cannot() -> None:
    assert share_of_known_ngrams(*prompt_and_output(Output("copied"))) > 0.6
    assert share_of_known_ngrams(*prompt_and_output(Output("other"))) < 0.1
