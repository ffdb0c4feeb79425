from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from mamviz_reports.style import (
    FigureKind,
    axes_at,
    caption,
    fold_name,
    house_style,
    new_figure,
    save_figure,
    thin,
    title,
)


def labelled_figure() -> Figure:
    with house_style():
        figure = new_figure(3, 2)
        axes = axes_at(figure, 0.5, 0.2, 2, 1)
        axes.plot([0, 1], [0, 1], label="line")
        axes.set_xticks([0, 1], ["Wearing_Necklace", "$5_o_Clock$"], rotation=90)
        title(figure, "A heading", "and a detail " * 8)
        caption(figure, "What it shows, in many words. " * 8)
    return figure


def test_title_drawing_and_caption_do_not_overlap():
    figure = labelled_figure()
    figure.draw_without_rendering()
    axes = figure.axes[0].get_tightbbox()
    detail, heading, words = (text.get_window_extent() for text in figure.texts)
    assert words.y1 < axes.y0
    assert axes.y1 < detail.y0
    assert detail.y1 < heading.y0


def test_saved_picture_holds_everything_that_was_drawn(tmp_path: Path):
    figure = labelled_figure()
    box = figure.get_tightbbox()  # inches
    png, _ = save_figure(figure, tmp_path, "figure")
    width, height = mpl.image.imread(png).shape[1::-1]
    assert width >= box.width * 200
    assert height >= box.height * 200


def test_both_formats_are_written_and_no_partial_file_stays(tmp_path: Path):
    paths = save_figure(labelled_figure(), tmp_path / "figures", "correlation")
    assert paths == (tmp_path / "figures" / "correlation.png", tmp_path / "figures" / "correlation.svg")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["correlation.png", "correlation.svg"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "Wearing_Necklace" in paths[1].read_text(encoding="utf-8")


def test_same_figure_gives_same_bytes(tmp_path: Path):
    first = save_figure(labelled_figure(), tmp_path / "one", "figure")
    second = save_figure(labelled_figure(), tmp_path / "two", "figure")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    png, _ = save_figure(labelled_figure(), tmp_path, "figure")
    before = png.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_figure(new_figure(1, 1), tmp_path, "figure")
    assert png.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure.png", "figure.svg"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_is_written_in_the_kinds_asked_for(tmp_path: Path, kind: FigureKind):
    (file,) = save_figure(new_figure(1, 1), tmp_path, "figure", kinds=(kind,))
    assert list(tmp_path.iterdir()) == [file]
    assert file.name == f"figure.{kind}"
    assert (file.read_bytes()[:4] == b"\x89PNG") is (kind == "png")


def test_style_leaves_global_settings_alone_and_ignores_the_users():
    with mpl.rc_context({"font.size": 33.0, "axes.facecolor": "pink"}):
        with house_style():
            assert mpl.rcParams["font.size"] == 8
            assert mpl.rcParams["axes.facecolor"] == "white"
        assert mpl.rcParams["font.size"] == 33


def test_axes_stand_where_they_are_put_in_inches():
    figure = new_figure(4, 2)
    box = axes_at(figure, 1, 0.5, 2, 1).get_position()
    assert (box.x0, box.y1, box.width, box.height) == pytest.approx((0.25, 0.75, 0.5, 0.5))


@pytest.mark.parametrize(("n", "room", "step"), [(40, 0.02, 1), (40, 0.03, 2), (512, 0.0206, 16), (9, 0.4, 4)])
def test_labels_are_thinned_until_each_has_room(n: int, room: float, step: int):
    assert thin(n, room) == step


def test_labels_are_thinned_for_very_many():
    assert thin(5000, 0.02) >= 100


def test_names_fold_after_underscores_and_lose_nothing():
    assert fold_name("Mouth_Slightly_Open", 15) == "Mouth_Slightly_\nOpen"
    assert fold_name("Short", 15) == "Short"
    assert fold_name("Antidisestablishmentarianism", 10) == "Antidisestablishmentarianism"


def test_tables_load_no_plotting():
    code = (
        "import sys, mamviz_reports.rankings, mamviz_reports.scores, mamviz_reports.usages, mamviz_reports.texts, "
        "mamviz_reports.console, mamviz_reports.architecture; "
        "print([m for m in ('matplotlib', 'seaborn', 'rich', 'pandas', 'scipy', 'torch') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    paths = f"import sys; sys.path[:0] = [{str(root)!r}, {str(root / 'reports')!r}]; "
    done = subprocess.run([sys.executable, "-c", paths + code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_words_break_neither_in_names_nor_before_a_per_cent_sign():
    """Of many widths of the words before them, some would put the break there."""
    for n in range(90, 150, 2):
        with house_style():
            figure = new_figure(3, 2)
            axes_at(figure, 0, 0, 3, 1)
            text = caption(figure, f"{'x ' * (n // 2)}faces-seed-0 5 % of them").get_text()
        assert "faces-seed-0" in text
        assert "5\u00a0%" in text
