"""Which inputs an HTTP input asks for values, and so which come first."""

from collections.abc import Collection, Iterable, Mapping

from retail_platform.sources.mapping.http.model import HttpInput


def in_order(inputs: Mapping[str, HttpInput], names: Iterable[str]) -> list[str]:
    """These inputs and those whose values they ask for, which come first."""
    ordered: dict[str, None] = {}

    def add(name: str) -> None:
        for other in sorted(inputs[name].asks) if name in inputs else ():
            add(other)
        ordered.setdefault(name)

    for name in names:
        add(name)
    return list(ordered)


def problems_of(inputs: Mapping[str, HttpInput], known: Collection[str]) -> list[str]:
    """What is wrong with what inputs ask of each other."""
    from retail_platform.sources.mapping.model import nearest

    problems = []
    for name, layout in inputs.items():
        for key, values in layout.for_each.items():
            if values.source and values.source[0] not in known:
                near = nearest(values.source[0], known)
                problems.append(f"inputs.{name}.for_each.{key}: {values.source[0]} is no input{near}")
        seen, ask = {name}, layout.asks
        while ask:
            if name in ask:
                problems.append(f"inputs.{name}: its for_each asks, by way of others, for itself")
                break
            seen |= ask
            ask = {other for one in ask if one in inputs for other in inputs[one].asks} - (seen - {name})
    return problems
