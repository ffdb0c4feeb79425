"""The poster's Figure 1 in text: parts, what each gives and how large it is."""

from __future__ import annotations

from mamviz.errors import ConfigError
from mamviz.schema import Budget, Component, ExtractionBudget

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def describe_architecture(budget: Budget) -> str:
    """Draw the network as a tree, each part under the one whose output it reads.

    A part's detail has a line of its own. Plain ASCII, so that every terminal and log shows it. The lines of
    budget.architecture follow the tree; without components there is no tree, and the named parameter counts are
    listed instead.
    Raises ConfigError for a component that reads an unknown one.
    """
    if budget.components:
        lines = _tree(budget.components)
        total = sum(component.parameters for component in budget.components)
    else:
        width = max(map(len, budget.parameters), default=0)
        lines = [f"{name:<{width}}  {count:>12,} parameters" for name, count in budget.parameters.items()]
        total = sum(budget.parameters.values())
    ending = f"{total:,} parameters in all"
    if budget.flops_per_image:
        ending += f", {budget.flops_per_image / 1e9:.3g} GFLOP an image"
    return "\n".join([*lines, *budget.architecture, ending]) + "\n"


def describe_budget(budget: Budget | ExtractionBudget) -> str:
    """Say how much memory, disk and time a training or an extraction will need, as far as it was predicted."""
    needs = (("memory", budget.ram_bytes), ("device memory", budget.device_bytes), ("disk", budget.disk_bytes))
    known = [f"{name} {describe_bytes(size)}" for name, size in needs if size]
    if budget.time is not None:
        known.append(f"time {describe_seconds(budget.time.seconds)} ({budget.time.images_per_second:.3g} images/s)")
    return (", ".join(known) or "not predicted") + "\n"


def describe_seconds(seconds: float) -> str:
    """Write a time in the unit that leaves one or two digits before the point: 43 s, 17 min, 2.5 h, 12 days."""
    for unit, name in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            count = seconds / unit
            return f"{count:.1f} {name}" if count < 10 else f"{count:.0f} {name}"
    return f"{seconds:.0f} s"


def describe_bytes(size: float) -> str:
    """Write a number of bytes with three digits in decimal units: 1.21 GB."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"


def _tree(components: tuple[Component, ...]) -> list[str]:
    names = {component.name for component in components}
    lost = [component for component in components if component.reads and component.reads not in names]
    if lost:
        raise ConfigError(
            f"architecture: {lost[0].name!r} reads {lost[0].reads!r}, expected one of {', '.join(sorted(names))}. "
            "Name the part whose output it takes, or nothing for the image."
        )
    rows = [("part", "gives", "parameters", ""), ("image", "", "", "")]
    waiting = [("", component, last) for component, last in _children(components, "")]
    while waiting:  # depth first, in the given order
        stem, component, last = waiting.pop(0)
        below = stem + ("   " if last else "|  ")
        children = [(below, child, final) for child, final in _children(components, component.name)]
        waiting[:0] = children
        shape = " x ".join(map(str, component.output))
        detail = f"{below}{'|' if children else ' '}  {component.detail}" if component.detail else ""
        rows.append((f"{stem}{'`' if last else '|'}- {component.name}", shape, f"{component.parameters:,}", detail))
    first, second, third = (max(len(row[place]) for row in rows) for place in range(3))
    lines = []
    for name, shape, count, detail in rows:
        lines += [f"{name:<{first}}  {shape:<{second}}  {count:>{third}}".rstrip(), *([detail] if detail else [])]
    return lines


def _children(components: tuple[Component, ...], parent: str) -> list[tuple[Component, bool]]:
    found = [component for component in components if component.reads == parent]
    return [(component, component is found[-1]) for component in found]
