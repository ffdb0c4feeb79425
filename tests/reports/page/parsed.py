"""A page taken apart by the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "input", "br", "hr", "link"}


@dataclass
class Element:
    """An element with its attributes, all text within it, and the elements it stands in, outermost first."""

    tag: str
    attributes: dict[str, str]
    within: tuple[Element, ...]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def inside(self, other: Element) -> bool:
        return any(each is other for each in self.within)


class Document(HTMLParser):
    """All elements of a page in order; a tag that is closed wrongly raises."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.declarations: list[str] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, [each.tag for each in self._open]

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        assert len(element.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements of a tag with these attributes; class_ is one of its classes, data_x is data-x."""
        found = [each for each in self.elements if each.tag == tag]
        for name, value in attributes.items():
            if name == "class_":
                found = [each for each in found if value in each.classes]
            else:
                found = [each for each in found if each.attributes.get(name.replace("_", "-")) == value]
        return found

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def within(self, element: Element, tag: str) -> list[Element]:
        return [each for each in self.all(tag) if each.inside(element)]
