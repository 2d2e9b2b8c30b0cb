"""Faults a test orders for the next calls of a method: Slack refusing, failing, hanging, or losing its answer."""

from dataclasses import dataclass


@dataclass
class Fault:
    """What goes wrong: see `Sandbox.fail_next`."""

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    hang: float = 0.0
    drop: bool = False
    lost: bool = False
    times: int = 1


class Faults:
    """The faults ordered and not yet used up."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Have the fault happen to the next calls of its method ("*": of any)."""
        self._ordered.append(fault)

    def take(self, method: str) -> Fault:
        """Return the fault of this call; one without effect if none is ordered."""
        for fault in self._ordered:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times == 0:
                    self._ordered.remove(fault)
                return fault
        return Fault(method)
