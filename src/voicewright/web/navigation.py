"""The menu of the panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.web.visitor import Visitor


_TOPS: Final = frozenset({"/panel", "/panel/admin"})
"""Pages with others below them that are places of their own."""


@dataclass(frozen=True, slots=True)
class Place:
    """One page that the menu leads to."""

    title: str
    path: str
    icon: str

    def is_at(self, here: str) -> bool:
        """Whether a path is this page or one below it."""
        return here == self.path or (self.path not in _TOPS and here.startswith(f"{self.path}/"))


@dataclass(frozen=True, slots=True)
class Section:
    """Some of them, under a title."""

    title: str
    places: tuple[Place, ...]


_MAKE: Final = Section(
    "Make",
    (
        Place("Home", "/panel", "house"),
        Place("Record", "/panel/record", "mic"),
        Place("Upload", "/panel/upload", "upload"),
        Place("Datasets", "/panel/datasets", "folder-open"),
        Place("Train", "/panel/train", "sparkles"),
        Place("Jobs", "/panel/jobs", "list-checks"),
    ),
)
_USE: Final = Section(
    "Use",
    (
        Place("Voices", "/panel/voices", "audio-lines"),
        Place("Blind test", "/panel/listening", "headphones"),
        Place("Speak", "/panel/speak", "message-square-text"),
    ),
)
_ADMIN: Final = Section(
    "Administer",
    (
        Place("Overview", "/panel/admin", "layout-dashboard"),
        Place("Users", "/panel/admin/users", "users"),
        Place("Queue and nodes", "/panel/admin/queue", "server"),
        Place("Engines", "/panel/admin/engines", "cpu"),
        Place("Costs", "/panel/admin/costs", "wallet"),
        Place("Storage and quality", "/panel/admin/storage", "hard-drive"),
        Place("Cleanup", "/panel/admin/cleanup", "brush-cleaning"),
        Place("Audit", "/panel/admin/audit", "scroll-text"),
        Place("Alerts", "/panel/admin/alerts", "bell-ring"),
    ),
)


def sections_for(visitor: Visitor | None) -> Sequence[Section]:
    """What somebody's menu shows."""
    if visitor is None:
        return ()
    return (_MAKE, _USE, _ADMIN) if visitor.is_admin else (_MAKE, _USE)


def place_above(visitor: Visitor | None, here: str) -> Place | None:
    """The page of somebody's menu that a path lies below; None: it is one itself, or below none."""
    places = (place for section in sections_for(visitor) for place in section.places)
    return next((place for place in places if place.path != here and place.is_at(here)), None)
