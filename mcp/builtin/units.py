"""The built-in server for units of measurement."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from mcp.builtin.conversions import convert_quantity
from mcp.builtin.declare import Answer, BuiltinServer, tool_of

Unit = Field(
    description="Name or symbol in English or Italian: km/h, degC, square feet, chilogrammi, GiB.",
    max_length=80,
)


def create_server() -> BuiltinServer:
    """The server with its one tool."""
    return BuiltinServer("units", [tool_of(convert_units, "convert")])


async def convert_units(
    value: Annotated[float, Field(description="The number to convert.", allow_inf_nan=False)],
    from_unit: Annotated[str, Unit],
    to_unit: Annotated[str, Unit],
) -> Answer:
    """Convert a number from one unit to another: lengths, weights, volumes, temperatures, speeds,
    areas, energies, pressures, times, amounts of data, fuel consumption. Not currencies.
    """
    # Off the event loop: the first conversion loads the units, for half a second.
    found = await asyncio.to_thread(convert_quantity, value, from_unit, to_unit)
    structured = {
        "value": found.value,
        "from_unit": found.from_unit,
        "to_unit": found.to_unit,
        "text": found.text,
    }
    return Answer(found.text, structured)
