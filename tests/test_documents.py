"""The documents: links lead somewhere, commands are accepted, the reference is the code's, the notebook runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import typer
from typer.exceptions import TyperException

import mamviz
from mamviz.data.synthetic.files import write_faces
from mamviz.models.extractor import feature_shape, make_extractor
from mamviz.models.weights import build_network, write_network
from mamviz_cli.app import app
from mamviz_cli.reference import read_commands
from tests.cli.started import run_python
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first-look.ipynb"
HDF5 = ROOT / "docs" / "how-to" / "hdf5-from-python-r-matlab.md"
# Sizes at which the notebook takes seconds; see its first cell.
SMALL = {"FIRST_LOOK_FACES": "200", "FIRST_LOOK_EPOCHS": "1", "FIRST_LOOK_SIZE": "32"}
LONG = ("statistics.md", "file-format.md")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def examples(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def anchors_of(text: str) -> set[str]:
    """What the headings of a document are called in links, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(path: Path) -> list[str]:
    """Links of a document to files, or to chapters, that are not there."""
    dead = []
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", without_code(path.read_text(encoding="utf-8"))):
        file, _, anchor = target.partition("#")
        place = path.parent / file if file else path
        if not place.exists() or (anchor and anchor not in anchors_of(place.read_text(encoding="utf-8"))):
            dead.append(target)
    return dead


def commands_in(text: str) -> list[str]:
    """Every `mamviz ...` of a document: in fenced and indented code, after torchrun, and between backticks."""
    joined = text.replace("\\\n", " ")
    fenced = re.findall(r"^```(?:sh|console|bash)?\n(.*?)^```", joined, re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    lines += [line for line in joined.splitlines() if line.startswith("    ")]
    spans = [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", without_code(joined))]
    found = []
    for line in [*lines, *spans]:
        match = re.match(r"\s*(?:\$ )?(?:\w+=\S+ )*(?:mamviz|(?:python3?|torchrun.*) -m mamviz_cli) (.+)", line)
        if match and not re.match(r"[A-Z]+\b|\.\.\.$", match.group(1)):  # `mamviz COMMAND --help`, `mamviz ...`
            found.append(match.group(1))
    return found


def parse(line: str) -> None:
    """Let the command itself parse a line; raises what it raises at a mistake."""
    name, *arguments = (word for word in shlex.split(line, comments=True) if word != "..." and not word.startswith("["))
    if name.startswith("-"):
        assert name in ("--version", "--help")
        return
    made: Any = typer.main.get_command(app)
    assert name in made.commands, f"there is no command {name}"
    if "--help" in arguments:
        return
    if name == "faces" and all(each.startswith("-") for each in arguments):
        arguments.append("OUT")
    try:
        made.commands[name].make_context(name, arguments.copy())
    except TyperException as error:
        if "requires an argument" not in error.format_message() or not arguments[-1].startswith("--"):
            raise
        made.commands[name].make_context(name, [*arguments, "1"])  # a text that names an option, not its value


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_to_a_file_and_a_chapter(path: Path) -> None:
    assert dead_links(path) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# One, two\n[a](a.md#one-two) [b](b.md) [c](#three) [d](https://e.org/x)\n```\n[f](g.md)\n```\n")
    assert dead_links(page) == ["b.md", "#three"]


@pytest.mark.parametrize("path", [*DOCUMENTS, NOTEBOOK], ids=name_of)
def test_every_command_is_accepted_by_the_program(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path == NOTEBOOK:
        text = "\n\n".join(
            "".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"
        )
    for line in commands_in(text):
        try:
            parse(line)
        except Exception as error:
            pytest.fail(f"{name_of(path)}: `mamviz {line}`: {error}")


def test_commands_are_looked_for_wherever_they_can_stand() -> None:
    page = "see `mamviz a\n--b` and ``mamviz x``\n\n    $ mamviz c --d  # e\n\n```sh\nA=1 mamviz f \\\n  --g\n```\n"
    page += "    torchrun --nproc-per-node=2 -m mamviz_cli h --i\n`mamviz COMMAND --help`\n"
    assert [line.split() for line in commands_in(page)] == [
        ["f", "--g"],
        ["c", "--d", "#", "e"],
        ["h", "--i"],
        ["a", "--b"],
    ]


@pytest.mark.parametrize("line", ["trainn", "train --no-such", "train --epochs many", "correlate --top 0", "faces a b"])
def test_a_command_that_the_program_refuses_is_refused_here(line: str) -> None:
    with pytest.raises((TyperException, AssertionError)):
        parse(line)


def test_there_are_commands_to_check() -> None:
    counts = {name_of(path): len(commands_in(path.read_text(encoding="utf-8"))) for path in DOCUMENTS}
    assert counts["README.md"] > 15
    assert counts["docs/tutorial.md"] > 10


def test_the_reference_of_the_commands_is_what_the_code_says() -> None:
    written = run_python("-m", "mamviz_cli.reference").stdout
    assert written.startswith("# The commands\n")
    kept = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert kept == written, "docs/commands.md is not of this code: write it anew with `make docs` and commit it"


def test_every_command_is_named_in_the_readme_or_the_tutorial() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    assert [each.name for each in read_commands(app) if f"mamviz {each.name}" not in text] == []


@pytest.mark.parametrize("name", LONG)
def test_a_long_document_lists_all_of_its_chapters(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    before = without_code(text).split("\n## ")[0]
    linked = re.findall(r"\]\(#([^)]+)\)", before)
    chapters = re.findall(r"^## (.+)$", without_code(text), re.MULTILINE)
    assert linked == [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in chapters]


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    paths = os.pathsep.join(str(ROOT / folder) for folder in (".", "cli", "reports"))
    environment = {**os.environ, **SMALL, "PYTHONPATH": paths, "TMPDIR": str(tmp_path), "IPYTHONDIR": str(tmp_path)}
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.km = client.create_kernel_manager()
    client.km.kernel_spec.argv[0] = sys.executable  # not that of a kernel that somebody installed
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 5
    printed = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    assert re.search(r"accuracy \d+\.\d% \(", printed)
    assert "reliability of the table" in printed
    assert not list(tmp_path.glob("first-look-*")), "the last cell cleans up"


@pytest.fixture(scope="module")
def stirred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a masks.h5 of a network whose masks differ between attributes and cells."""
    data, config = make_data(60), make_config()
    run = make_run(tmp_path_factory.mktemp("masks") / "made-1", config, data)
    network = build_network(config, n_attributes=4)
    stir(network.masking, seed=1)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    return mamviz.write_masks(run, data, n_raw=2).parent


def recommended(folder: Path) -> Any:
    return mamviz.correlate_attributes(mamviz.read_statistics(folder / "masks.h5"), mamviz.Choices()).values


def test_h5py_alone_gives_the_recommended_table(stirred: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stirred)
    names: dict[str, Any] = {}
    exec(examples(HDF5, "python")[0], names)
    assert names["attributes"] == ["Red", "Green", "Blue", "Bright"]
    np.testing.assert_allclose(names["r"], recommended(stirred), atol=1e-12)


@pytest.mark.parametrize("number", [0, 1], ids=["rhdf5", "hdf5r"])
def test_r_gives_the_recommended_table(stirred: Path, number: int) -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    whole, other = examples(HDF5, "r")
    reading = "\n".join(whole.splitlines()[3:])
    code = (whole if number == 0 else f"{other}\n{reading}") + '\ncat(sprintf("%.12f", r))\n'
    done = subprocess.run([program, "-e", code], cwd=stirred, capture_output=True, text=True, check=False, timeout=120)
    if "there is no package" in done.stderr:
        pytest.skip("R lacks the package")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.array(done.stdout.split(), float).reshape(4, 4), recommended(stirred), atol=1e-9)


def test_the_example_in_matlab_reads_datasets_that_exist(stirred: Path) -> None:
    paths = re.findall(r'h5read\("masks\.h5", "([^"]+)"\)', examples(HDF5, "matlab")[0])
    with h5py.File(stirred / "masks.h5") as handle:
        assert len(paths) == 2
        assert all(path in handle for path in paths)


def test_the_tutorials_table_is_one_that_mamviz_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_faces(tmp_path / "drawn", n_images=30, size=32, seed=0, label_correlation=1.0, regions=False)
    exec(examples(ROOT / "docs" / "tutorial.md", "python")[0], {})
    config = mamviz.DataConfig(source="people.csv", images="drawn/img_align_celeba", identity_column="person", size=32)
    data = mamviz.open_data(config, cache=tmp_path / "cache")
    drawn = mamviz.open_data(mamviz.DataConfig(source="drawn", size=32), cache=tmp_path / "cache")
    assert len(data.attributes) == 10
    columns = [drawn.attributes.index(name) for name in data.attributes]
    np.testing.assert_array_equal(data.labels, drawn.labels[:, columns])


def test_the_extractor_of_the_how_to_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = examples(ROOT / "docs" / "how-to" / "own-extractor.md", "python")[0]
    (tmp_path / "my_extractor.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    config = mamviz.ModelConfig(extractor="my_extractor:make", channels=0)
    assert feature_shape(make_extractor(config, size=64), size=64) == (24, 16, 16)
