"""What every part of one answer says about itself."""

from dataclasses import dataclass

from ossian.api.fields import JsonObject


@dataclass(frozen=True, slots=True)
class Head:
    """The identity of an answer, the same in each of its chunks. `model` is the model that really answers."""

    id: str
    created: int  # Unix seconds
    model: str
    system_fingerprint: str

    def body(self, object_name: str) -> JsonObject:
        """Return the first fields of an answer or a chunk."""
        return {
            "id": self.id,
            "object": object_name,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.system_fingerprint,
        }
