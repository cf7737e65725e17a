from pathlib import Path

import pytest

from ossian.cli.loading import load_model
from ossian.errors import ConfigurationError
from ossian.settings import Settings


@pytest.mark.parametrize(
    "models, reason",
    [
        ([{"id": "a"}, {"id": "a"}], "'a' is declared twice"),
        ([{"id": "other", "aliases": ["served"]}], "Both 'served' and 'other' would answer to 'served'"),
        ([{"id": "other", "aliases": ["too"]}], "Both 'served' and 'other' would answer to 'too'"),
        ([{"id": "served", "lifecycle": {"successor": "gone"}}], "the successor 'gone' of 'served'"),
    ],
)
def test_what_is_declared_is_checked_before_a_model_is_loaded(
    tmp_path: Path, models: list[dict[str, object]], reason: str
) -> None:
    (tmp_path / "config.json").write_text("{}")  # loading this would be a CheckpointError
    names = {"model": str(tmp_path), "served_name": "served", "aliases": {"too": "served"}}
    settings = Settings.model_validate({"models": names, "catalog": {"models": models}})
    with pytest.raises(ConfigurationError, match=reason):
        load_model(settings)
