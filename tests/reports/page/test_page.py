from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from mamviz.schema import Overview
from mamviz_reports.page import render_page
from mamviz_reports.page.anchors import anchors_of
from mamviz_reports.page.summary import summary_section
from tests.reports.page.made import COMMANDS, NAMES, PARTS, make_overview
from tests.reports.page.parsed import Document

SECTIONS = ["summary", "accuracy", "attributes", "relations", "channels", "pruning", "sanity", "stability"]
SECTIONS += ["edits", "robustness", "files"]
HOSTILE = NAMES[-1]


@pytest.mark.parametrize("which", ["page", "bare"])
def test_sections_stand_in_the_issues_order_and_are_named(which: str, request: pytest.FixtureRequest):
    document: Document = request.getfixturevalue(which)
    sections = [each for each in document.all("section") if each.attributes["id"] != "pair"]
    assert [each.attributes["id"] for each in sections] == SECTIONS
    for section in sections:
        heading = document.within(section, "h2")[0]
        assert section.attributes["aria-labelledby"] == heading.attributes["id"]
    (menu,) = document.all("nav")
    assert [link.attributes["href"] for link in document.within(menu, "a")] == [f"#{name}" for name in SECTIONS]
    assert document.declarations == ["DOCTYPE html"]


@pytest.mark.parametrize("which", ["page", "bare"])
def test_ids_are_unique_and_every_link_within_the_page_resolves(which: str, request: pytest.FixtureRequest):
    document: Document = request.getfixturevalue(which)
    ids = [each.attributes["id"] for each in document.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    anchors = {each.removeprefix("attribute-") for each in ids if each.startswith("attribute-")}
    for link in document.all("a"):
        address = link.attributes["href"]
        if address.startswith("#pair="):
            pairs = {f"{first}--{second}" for first in anchors for second in anchors}
            assert address.removeprefix("#pair=") in pairs
        elif not address.startswith("https://arxiv.org/abs/"):
            assert address.startswith("#")
            assert address[1:] in ids


@pytest.mark.parametrize("which", ["text", "bare_text"])
def test_nothing_is_loaded_from_anywhere(which: str, request: pytest.FixtureRequest):
    text: str = request.getfixturevalue(which)
    document = Document(text)
    sources = [each.attributes["src"] for each in document.elements if "src" in each.attributes]
    assert all(source.startswith("data:image/") for source in sources)
    assert not document.all("link")
    assert not document.all("iframe")
    style = document.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style
    policy = document.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy.startswith("default-src 'none'; img-src data: blob:; ")
    assert "connect-src" not in policy


def test_drawings_load_nothing_either_and_have_words(page: Document):
    drawings = page.all("figure", class_="drawing")
    names = [each.attributes["data-name"] for each in drawings]
    assert {"accuracy", "poster", "training", "masks", "correlation", "entanglement", "channels"} <= set(names)
    assert {"pruning-curves", "pruning-casualties", "pruning-causal", "sanity", "stability", "robustness"} <= set(names)
    assert len(set(names)) == len(names)
    for figure in drawings:
        (image,) = page.within(figure, "img")
        assert len(image.attributes["alt"]) > 40
        assert page.within(figure, "figcaption")[0].text.strip()
        (button,) = page.within(figure, "button")
        assert button.attributes["data-figure"] == figure.attributes["data-name"]
        assert "hidden" in button.attributes


def test_a_hostile_name_is_text_everywhere(page: Document, text: str):
    assert "<b>" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    article = page.one("article", id=f"attribute-{anchors_of(NAMES)[HOSTILE]}")
    assert page.within(article, "h3")[0].text == HOSTILE
    assert any(link.text == HOSTILE for link in page.within(page.one("table", data_name="accuracy"), "a"))


def test_every_attribute_has_an_article_with_its_maps_on_the_common_scale(page: Document, whole: Overview):
    articles = page.all("article", class_="attribute")
    assert [page.within(article, "h3")[0].text for article in articles] == list(whole.correlation.names)
    contrast, evidence = whole.map_limits
    for article in articles:
        maps = [each for each in page.within(article, "canvas") if each.attributes["data-kind"] != "example"]
        assert [each.attributes["data-kind"] for each in maps] == ["mask", "contrast", "evidence"]
        assert [each.attributes["width"] for each in maps] == ["3", "3", "3"]
        limits = [float(re.search(r'"highest":([\d.e-]+)', each.attributes["data-map"])[1]) for each in maps]
        assert limits == pytest.approx([whole.mask_range[1], contrast, evidence], rel=1e-3)
        stills = [each for each in page.within(article, "noscript") if page.within(each, "img")]
        assert len(stills) == 3


def test_examples_stand_in_four_groups_with_counts_logits_and_evidence(page: Document, whole: Overview):
    for attribute in whole.attributes:
        article = page.one("article", id=f"attribute-{anchors_of(NAMES)[attribute.attribute]}")
        headings = [" ".join(each.text.split()) for each in page.within(article, "h4")]
        counts = ["none" if n == 0 else f"{n} images" for n in attribute.n_outcomes]
        outcomes = ("True positives", "False positives", "False negatives", "True negatives")
        assert headings == [f"{outcome} {count}" for outcome, count in zip(outcomes, counts, strict=True)]
        overlays = [each for each in page.within(article, "div") if "overlay" in each.classes]
        assert len(overlays) == len(attribute.examples)
        photos = [page.within(each, "img")[0] for each in overlays]
        assert [photo.attributes["title"] for photo in photos] == [each.name for each in attribute.examples]
        assert all(photo.attributes["src"].startswith("data:image/jpeg") for photo in photos)
        said = [page.within(each.within[-1], "figcaption")[0].text for each in overlays]
        assert said == [f"{each.logit:+.2f}".replace("-", "\N{MINUS SIGN}") for each in attribute.examples]


def test_without_images_there_is_no_pixel_of_one(bare_text: str, bare: Document):
    assert "image/jpeg" not in bare_text
    assert ".jpg" not in bare_text
    assert not bare.all("div", class_="overlay")
    assert "Example images are not shown" in bare.one("section", id="attributes").text


@pytest.mark.parametrize("part", PARTS)
def test_what_is_absent_says_so_with_its_command(part: str, bare: Document):
    commands = [each.text for each in bare.within(bare.one("section", id="summary"), "code")]
    assert COMMANDS[part] in commands
    home = {"certainty": "relations", "entanglement": "relations"}.get(part, part)
    section = bare.one("section", id=home)
    assert COMMANDS[part] in [each.text for each in bare.within(section, "code")]
    assert "never made" in section.text


def test_warnings_come_before_the_key_figures(page: Document, whole: Overview):
    summary = page.one("section", id="summary")
    box = page.within(summary, "aside")[0]
    assert [each.text for each in page.within(box, "li")] == list(whole.warnings)
    cards = page.one("dl", class_="cards")
    assert page.elements.index(box) < page.elements.index(cards)


def test_a_run_without_warnings_says_what_that_means(whole: Overview):
    summary = Document(summary_section(replace(whole, warnings=())).body)
    assert not summary.all("aside")
    assert "speaks against" in summary.all("p")[0].text


def test_key_figures_have_intervals_and_what_to_compare_them_with(page: Document):
    (cards,) = page.all("dl", class_="cards")
    words = [" ".join(each.text.split()) for each in page.within(cards, "div")]
    accuracy = next(each for each in words if each.startswith("Accuracy"))
    assert re.search(r"\d\d\.\d % \d\d\.\d to \d\d\.\d Mean over 5 attributes", accuracy)
    assert "more frequent answer" in accuracy
    labels = [each.text for each in page.within(cards, "dt")]
    assert labels[3:] == [
        "Reliability of the relations",
        "Agreement over seeds",
        "Channels that can go",
        "Sanity checks that pass",
    ]


def test_nan_reads_as_not_available_and_never_as_nan(text: str, page: Document):
    outside = re.sub(r"<script.*?</script>|data:[^\"]*|data-map=\"[^\"]*\"", "", text, flags=re.DOTALL)
    assert not re.search(r"\bnan\b", unescape(outside), flags=re.IGNORECASE)
    article = page.one("article", id=f"attribute-{anchors_of(NAMES)[HOSTILE]}")
    assert [each.text for each in page.within(article, "dd")][2:5] == ["n/a", "n/a", "n/a"]


def test_the_shell_of_a_pair_is_hidden_and_empty(page: Document):
    (panel,) = page.all("section", id="pair")
    assert "hidden" in panel.attributes
    assert panel.inside(page.one("section", id="relations"))
    (body,) = page.within(panel, "tbody")
    assert body.text == ""
    assert len([each for each in page.within(panel, "div") if "map-slot" in each.classes]) == 2


def test_every_heatmap_has_what_the_script_fills(page: Document, whole: Overview):
    figures = page.all("figure", class_="matrix")
    keys = [*(matrix.key for matrix in whole.matrices), "channels"]
    assert [each.attributes["data-matrix"] for each in figures] == keys
    for figure in figures:
        assert len(page.within(figure, "canvas")) == 1
        assert len(page.within(figure, "output")) == 1
        assert [each for each in page.within(figure, "div") if "scale" in each.classes]
        assert len(page.within(figure, "noscript")) == 2


def test_a_run_without_a_gap_or_epochs_or_the_poster_s_attributes_has_a_page(whole: Overview):
    names = ("Red", "Green", "Blue")
    other = make_overview(names=names, parts=())
    less = replace(other, matrices=other.matrices[:4], run=replace(other.run, epochs=()))
    document = Document(render_page(less))
    headings = [each.text for each in document.within(document.one("table", data_name="accuracy"), "th")]
    assert "Poster" not in headings
    assert "no record of its epochs" in document.one("section", id="accuracy").text
    assert len(document.all("figure", class_="matrix")) == 5
    assert not document.all("figure", data_name="poster")


def test_the_same_overview_gives_the_same_page(bare_text: str):
    assert render_page(make_overview(n_examples=0, parts=())) == bare_text


def test_a_page_of_celebas_size_leaves_room_in_its_budget(large_file: Path):
    """10 MB for all; what this page lacks takes up to 2.5: three more images an outcome, pruning, checks and seeds."""
    assert large_file.stat().st_size < 7_500_000
    assert len(Document(large_file.read_text(encoding="utf-8")).all("article")) == 40
