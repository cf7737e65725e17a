"""The tools of `ossian chat --demo-tools`: real ones, but harmless, and nothing leaves this machine."""

from dataclasses import dataclass
from datetime import datetime
from secrets import randbelow
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from ossian.api.fields import JsonObject
from ossian.cli.chat.toolbox import LocalTool, ToolError

NOTE = "demonstration data, not a forecast"


@dataclass(frozen=True, slots=True)
class City:
    """A city of the table. Its weather is made up; its time zone is real."""

    name: str
    time_zone: str
    temperature_celsius: int
    condition: str


CITIES = {
    city.name.casefold(): city
    for city in [
        City("Amsterdam", "Europe/Amsterdam", 13, "windy"),
        City("Berlin", "Europe/Berlin", 11, "cloudy"),
        City("Lisbon", "Europe/Lisbon", 21, "sunny"),
        City("London", "Europe/London", 12, "rainy"),
        City("Madrid", "Europe/Madrid", 24, "sunny"),
        City("New York", "America/New_York", 16, "cloudy"),
        City("Oslo", "Europe/Oslo", 4, "snowy"),
        City("Paris", "Europe/Paris", 15, "cloudy"),
        City("Rome", "Europe/Rome", 22, "sunny"),
        City("Sydney", "Australia/Sydney", 26, "sunny"),
        City("Tokyo", "Asia/Tokyo", 18, "rainy"),
        City("Vienna", "Europe/Vienna", 10, "foggy"),
    ]
}


def city_named(name: str) -> City:
    """Return a city; what follows a comma, a country or a state, is not needed. Raises ToolError."""
    city = CITIES.get(name.partition(",")[0].strip().casefold())
    if city is None:
        known = ", ".join(each.name for each in CITIES.values())
        raise ToolError(f"Nothing is known about {name!r}. The cities are: {known}.")
    return city


class GetWeather(LocalTool):
    """Get the current weather for a location."""

    tool_name: ClassVar[str] = "get_weather"

    location: str = Field(description="The city")

    def run(self) -> JsonObject:
        """Return temperature and condition, from the table."""
        city = city_named(self.location)
        return {
            "location": city.name,
            "temperature": city.temperature_celsius,
            "unit": "celsius",
            "condition": city.condition,
            "note": NOTE,
        }


class GetTime(LocalTool):
    """Get the current time in a city."""

    tool_name: ClassVar[str] = "get_time"

    city: str = Field(description="The city")

    def run(self) -> JsonObject:
        """Return the time there, by the clock of this machine."""
        city = city_named(self.city)
        now = datetime.now(ZoneInfo(city.time_zone))
        return {"city": city.name, "time": f"{now:%H:%M}", "date": f"{now:%Y-%m-%d}", "time_zone": city.time_zone}


class ConvertTemperature(LocalTool):
    """Convert a temperature from Celsius to Fahrenheit or back."""

    tool_name: ClassVar[str] = "convert_temperature"

    value: float = Field(ge=-1e6, le=1e6, description="The temperature")
    unit: Literal["celsius", "fahrenheit"] = Field(description="The unit of the value")

    def run(self) -> JsonObject:
        """Return the temperature in the other unit, to a tenth of a degree."""
        if self.unit == "celsius":
            return {"value": round(self.value * 9 / 5 + 32, 1), "unit": "fahrenheit"}
        return {"value": round((self.value - 32) * 5 / 9, 1), "unit": "celsius"}


class ThrowDice(LocalTool):
    """Throw a dice."""

    tool_name: ClassVar[str] = "throw_dice"

    sides: int = Field(default=6, ge=2, le=1000, description="The number of sides")

    def run(self) -> JsonObject:
        """Return what was thrown."""
        return {"sides": self.sides, "result": randbelow(self.sides) + 1}


DEMO_TOOLS: tuple[type[LocalTool], ...] = (GetWeather, GetTime, ConvertTemperature, ThrowDice)
