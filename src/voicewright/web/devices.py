"""What a `User-Agent` says in words: `Firefox on Windows`, so that people know their own devices again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# the first that is found counts: most browsers name those that they descend from as well
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
_IN_A_POCKET: Final = frozenset({"iPhone", "iPad", "Android"})
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody is signed in."""

    name: str
    icon: str


def device_of(user_agent: str) -> Device:
    """The device that a `User-Agent` tells of; a program by the name that it gives itself."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is None:
        program = user_agent.split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0][:_LONGEST]
        return Device(program or "Unknown device", "terminal")
    icon = "smartphone" if system in _IN_A_POCKET else "monitor"
    return Device(browser if system is None else f"{browser} on {system}", icon)
