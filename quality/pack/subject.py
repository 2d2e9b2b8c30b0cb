"""What a pack is of: a scope of a partnership, as of an entry of its journal."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from quality.pack.scope import Scope, What
from storage.bulk import End
from storage.partnership import Company, Partnership, Side
from storage.record import Kind

FORMAT = 1
COUNTED = ("records", *Kind, "results", "signatures", "attachments", "replies", "entries")


@dataclass
class Subject:
    """What a pack is of, and what was counted in it so far."""

    there: Partnership
    companies: dict[Side, Company]
    scope: Scope
    end: End
    ids: list[int]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def is_whole(self) -> bool:
        """Whether the whole journal is in it."""
        return self.scope.what is What.ALL

    def head(self) -> dict[str, Any]:
        """Say what it is of, as data."""
        end = {"seq": self.end.seq, "hash": self.end.hash, "at": self.end.at.isoformat(), "whole": self.is_whole}
        return {
            "format": FORMAT,
            "companies": {str(side): company.name for side, company in self.companies.items()},
            "time_zone": self.there.time_zone,
            "scope": self.scope.told(),
            "journal": end,
            "counts": {str(name): self.counts[name] for name in COUNTED},
        }
