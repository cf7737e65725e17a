import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from ossian.cli.chat.demo_tools import CITIES, DEMO_TOOLS, NOTE
from ossian.cli.chat.partner import ToolCall
from ossian.cli.chat.toolbox import Toolbox
from ossian.harmony.messages import ToolNamespace
from ossian.harmony.tools import tools_section


def run(name: str, **arguments: object) -> Any:
    return json.loads(Toolbox(DEMO_TOOLS).run(ToolCall("call_1", name, json.dumps(arguments))))


def has_time_zones() -> bool:
    try:
        return bool(ZoneInfo("Europe/London"))
    except ZoneInfoNotFoundError:
        return False


def test_the_model_is_shown_four_tools() -> None:
    definitions = Toolbox(DEMO_TOOLS).definitions
    assert [tool.name for tool in definitions] == ["get_weather", "get_time", "convert_temperature", "throw_dice"]
    assert tools_section([ToolNamespace("functions", definitions)]) == SHOWN


SHOWN = """# Tools

## functions

namespace functions {

// Get the current weather for a location
type get_weather = (_: {
// The city
location: string,
}) => any;

// Get the current time in a city
type get_time = (_: {
// The city
city: string,
}) => any;

// Convert a temperature from Celsius to Fahrenheit or back
type convert_temperature = (_: {
// The temperature
value: number,
// The unit of the value
unit: "celsius" | "fahrenheit",
}) => any;

// Throw a dice
type throw_dice = (_: {
// The number of sides
sides?: number, // default: 6
}) => any;

} // namespace functions"""


@pytest.mark.parametrize("location", ["London", "london", " London, UK ", "LONDON, England, UK"])
def test_the_weather_comes_from_the_table_and_says_so(location: str) -> None:
    expected = {"location": "London", "temperature": 12, "unit": "celsius", "condition": "rainy", "note": NOTE}
    assert run("get_weather", location=location) == expected


@pytest.mark.parametrize("tool, argument", [("get_weather", "location"), ("get_time", "city")])
@pytest.mark.parametrize("name", ["Atlantis", "", ","])
def test_a_city_that_is_not_there_is_told_which_are(tool: str, argument: str, name: str) -> None:
    error = run(tool, **{argument: name})["error"]
    assert repr(name) in error
    assert "Amsterdam, Berlin" in error


@pytest.mark.skipif(not has_time_zones(), reason="this machine has no time zone database")
@pytest.mark.parametrize("city", [city.name for city in CITIES.values()])
def test_the_time_is_the_real_one(city: str) -> None:
    told = run("get_time", city=city)
    there = datetime.fromisoformat(f"{told['date']}T{told['time']}").replace(tzinfo=ZoneInfo(told["time_zone"]))
    assert told["city"] == city
    assert abs(datetime.now(ZoneInfo("UTC")) - there) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "value, unit, converted",
    [(0, "celsius", 32), (37.5, "celsius", 99.5), (212, "fahrenheit", 100), (-40, "fahrenheit", -40)],
)
def test_temperatures_are_converted(value: float, unit: str, converted: float) -> None:
    other = {"celsius": "fahrenheit", "fahrenheit": "celsius"}[unit]
    assert run("convert_temperature", value=value, unit=unit) == {"value": converted, "unit": other}


def test_a_temperature_needs_a_unit_that_is_known() -> None:
    assert "unit: Input should be 'celsius' or 'fahrenheit'" in run("convert_temperature", value=1, unit="K")["error"]


@pytest.mark.parametrize("value", [1e308, -1e7])
def test_a_temperature_stays_in_this_world(value: float) -> None:
    assert run("convert_temperature", value=value, unit="celsius")["error"].startswith("value: ")


def test_a_dice_shows_each_of_its_sides() -> None:
    assert {run("throw_dice", sides=3)["result"] for _ in range(200)} == {1, 2, 3}
    assert {run("throw_dice")["sides"]} == {6}


@pytest.mark.parametrize("sides", [1, -6, 1001, 2.5, "six"])
def test_a_dice_has_two_sides_or_more(sides: object) -> None:
    assert run("throw_dice", sides=sides)["error"].startswith("sides: ")
