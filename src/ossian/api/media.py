"""Images, audio, video and files: gpt-oss reads text only."""

from typing import Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

MEDIA: Final = {
    "image_url": "image",
    "input_image": "image",
    "computer_screenshot": "image",
    "input_audio": "audio",
    "video_url": "video",
    "input_video": "video",
    "file": "file",
    "input_file": "file",
}


def _refuse_media(part: object) -> object:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(kind, str) and kind in MEDIA:
        message = "this model has no {media} input; send text parts only"
        raise PydanticCustomError("unsupported_content", message, {"media": MEDIA[kind]})
    return part


TEXT_ONLY: Final = BeforeValidator(_refuse_media)  # for a part of a content
