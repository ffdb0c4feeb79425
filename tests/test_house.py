"""What belongs to no module: the import contract, the documents and the packaging."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mamviz

ROOT = Path(__file__).parents[1]
SOURCES = {"mamviz": "mamviz", "mamviz_cli": "cli/mamviz_cli", "mamviz_reports": "reports/mamviz_reports"}
MOST_LINES = 300
MOST_BYTES = 1_000_000
# What .gitignore leaves out, and the working copy's own folder.
NOT_OURS = {".git", ".venv", ".cache", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache"}
NOT_OURS |= {".ruff_cache", "__pycache__", "build", "demo-runs", "dist", "local", "runs"}

# Where the name to import is not the name to install.
PROJECTS = {"PIL": "pillow"}
# What a requirement brings itself, and is imported only where it has.
BROUGHT = {"triton"}  # by torch's CUDA builds

MODULES = sorted(
    path.relative_to(ROOT).as_posix() for folder in SOURCES.values() for path in ROOT.glob(f"{folder}/**/*.py")
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def imports_of(module: str) -> set[str]:
    """Names of the packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(read(module))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def files_of_the_project() -> list[Path]:
    found = []
    stack = [ROOT]
    while stack:
        for path in stack.pop().iterdir():
            if path.name in NOT_OURS or path.is_symlink():
                continue
            if path.is_dir():
                stack.append(path)
            else:
                found.append(path)
    return found


def test_there_are_modules_of_all_three_packages() -> None:
    assert all(f"{folder}/__init__.py" in MODULES for folder in SOURCES.values())


def test_imports_go_down_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("lint-imports is not installed beside this Python; `make lint` runs it")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout), done.stdout


def test_every_module_has_a_line_in_the_architecture_and_every_line_a_module() -> None:
    lines = re.findall(r"^- `([^`]+\.py)`: \S", read("docs/architecture.md"), re.MULTILINE)
    missing = sorted(set(MODULES) - set(lines))
    left_over = sorted(set(lines) - set(MODULES))
    assert not missing, f"docs/architecture.md lacks the lines of {missing}"
    assert not left_over, f"docs/architecture.md names files that are not there: {left_over}"
    assert len(lines) == len(set(lines)), "docs/architecture.md names a file twice"


def test_the_architecture_shows_the_layers_of_the_contract() -> None:
    contract = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    drawn = read("docs/architecture.md")
    places = [drawn.index(f"\n    {layer.replace('mamviz.', '')}") for layer in contract["layers"]]
    assert places == sorted(places)


def test_every_module_says_what_it_is_in_one_line() -> None:
    silent = [module for module in MODULES if not re.match(r'"""\S.*\w', read(module).splitlines()[0])]
    assert silent == []


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {module: len(read(module).splitlines()) for module in MODULES}
    assert [module for module, length in lengths.items() if length > MOST_LINES] == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    files = files_of_the_project()
    assert ROOT / "pyproject.toml" in files
    assert [str(path) for path in files if path.stat().st_size > MOST_BYTES] == []


@pytest.mark.parametrize("folder", SOURCES.values())
def test_types_are_for_others_to_use(folder: str) -> None:
    assert (ROOT / folder / "py.typed").is_file()


def test_the_wheel_holds_the_three_packages() -> None:
    packages = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == sorted(SOURCES.values())


def test_the_version_is_the_changelogs_newest() -> None:
    headings = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == mamviz.__version__


def test_every_dependency_is_pinned_within_its_range() -> None:
    from packaging.requirements import Requirement

    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", read("constraints.txt"), re.MULTILINE))
    pinned = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    for line in wanted:
        requirement = Requirement(line)
        assert requirement.name.lower() in pinned, f"constraints.txt does not pin {requirement.name}"
        assert pinned[requirement.name.lower()] in requirement.specifier, line


def test_no_pin_has_a_local_suffix_or_a_gpus_libraries() -> None:
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert not [line for line in lines if re.match(r"(nvidia|cuda|mamviz)", line)]


def test_what_is_imported_is_declared() -> None:
    """Each third-party module that the packages import has its requirement, and each requirement an import."""
    imported = {name for module in MODULES for name in imports_of(module)}
    third_party = {PROJECTS.get(name, name) for name in imported - set(sys.stdlib_module_names) - set(SOURCES)}
    project = tomllib.loads(read("pyproject.toml"))["project"]
    declared = {re.split(r"[<>=!~ ]", line)[0] for line in project["dependencies"]}
    extras = (project["optional-dependencies"][name] for name in ("fast", "onnx", "validate"))
    optional = {re.split(r"[<>=!~ ]", line)[0] for lines in extras for line in lines}
    assert declared <= third_party <= declared | optional | BROUGHT


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/file-format.md"]
)
def test_documents_link_to_files_that_exist(document: str) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", read(document))
    assert [target for target in targets if not ((ROOT / document).parent / target).exists()] == []


def test_documents_name_files_that_exist() -> None:
    named = set(re.findall(r"`((?:mamviz|cli|reports|tests|docs|benchmarks)/[\w/.-]+\.\w+)`", read("CONTRIBUTING.md")))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_make_target_has_its_line_of_help() -> None:
    makefile = read("Makefile")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    explained = set(re.findall(r"^([a-z]+):.*##  *\S", makefile, re.MULTILINE)) | set(
        re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    )
    assert set(phony.group(1).split()) == explained


def test_the_continuous_run_calls_make_test_and_may_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert re.search(r"^\s*make test\b", script.read_text(encoding="utf-8"), re.MULTILINE)
