"""What a command needs to be there before it begins."""

from __future__ import annotations

from entente.errors import BadInput
from flows.settings import Settings


def require_warehouse(settings: Settings, way_out: str = "Run `entente refresh` first.") -> None:
    """Raise `BadInput`, with the way out, where the project has no warehouse yet."""
    if not settings.paths.warehouse.exists():
        raise BadInput(f"There is no warehouse yet ({settings.paths.warehouse}). {way_out}")
