"""Faults a test orders for calls of a method: Slack refusing, failing, hanging, or losing the call or its answer."""

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
    garbage: str | None = None
    redirect: str | None = None
    times: int = 1


class Faults:
    """The faults ordered and not yet used up, and those that stay; "*" stands for any method."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._staying: dict[str, Fault] = {}

    def order(self, fault: Fault) -> None:
        """Have the fault happen to the next calls of its method."""
        self._ordered.append(fault)

    def stay(self, fault: Fault) -> None:
        """Have the fault happen to every call of its method, save those that `order` has another one for."""
        self._staying[fault.method] = fault

    def heal(self, method: str) -> None:
        """Take away every fault of the method, or with "*" every fault there is."""
        self._ordered = [fault for fault in self._ordered if method not in ("*", fault.method)]
        self._staying = {name: fault for name, fault in self._staying.items() if method not in ("*", name)}

    def take(self, method: str) -> Fault:
        """Return the fault of this call; one without effect if none is ordered."""
        for fault in self._ordered:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times == 0:
                    self._ordered.remove(fault)
                return fault
        return self._staying.get(method) or self._staying.get("*") or Fault(method)
