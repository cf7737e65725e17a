"""Models to fill catalogs with."""

from calendar import timegm
from datetime import date

from ossian.catalog.entry import Entry, Model, entries_of
from ossian.settings import DeclaredModel


def served(model_id: str, *aliases: str, max_model_len: int = 131_072, since: date = date(2026, 1, 1)) -> Model:
    return Model(model_id, created=timegm(since.timetuple()) + 3600, max_model_len=max_model_len, aliases=aliases)


def declared(model_id: str, **facts: object) -> DeclaredModel:
    return DeclaredModel.model_validate({"id": model_id, **facts})


def entry(model_id: str, **facts: object) -> Entry:
    """An entry of a served model."""
    (made,) = entries_of([served(model_id)], [declared(model_id, **facts)])
    return made
