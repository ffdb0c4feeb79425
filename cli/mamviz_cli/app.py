"""The `mamviz` command: one module a command, heavy imports inside them."""

from __future__ import annotations

from typing import Annotated

import typer

from mamviz_cli.correlate import CorrelateOptions, correlate
from mamviz_cli.demo import DemoOptions, demo
from mamviz_cli.entangle import EntangleOptions, entangle
from mamviz_cli.evaluate import EvaluateOptions, evaluate
from mamviz_cli.export import ExportOptions, export
from mamviz_cli.extract_masks import ExtractOptions, extract_masks
from mamviz_cli.faces import FacesOptions, faces
from mamviz_cli.generate import GenerateOptions, generate
from mamviz_cli.group import CommandGroup
from mamviz_cli.options import takes
from mamviz_cli.prune import RemovalOptions, prune
from mamviz_cli.prune_report import PruneOptions, prune_report
from mamviz_cli.report import ReportOptions, report
from mamviz_cli.robustness import RobustnessOptions, robustness
from mamviz_cli.sanity import SanityOptions, sanity
from mamviz_cli.show import ShowOptions, show
from mamviz_cli.stability import StabilityOptions, stability
from mamviz_cli.train import TrainOptions, train
from mamviz_cli.validate import ValidateOptions, validate

_ENDING = (
    "Start with `mamviz demo`, or with `mamviz train --data FOLDER`. The commands after train work on the newest run "
    "unless one is named, and train one on the built-in faces where there is none."
)

app = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    epilog=_ENDING,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from mamviz import __version__

        typer.echo(f"mamviz {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train attribute masks, export them, and see which attributes use the same features."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("train")(takes(TrainOptions, train))
app.command("evaluate")(takes(EvaluateOptions, evaluate))
app.command("extract-masks")(takes(ExtractOptions, extract_masks))
app.command("correlate")(takes(CorrelateOptions, correlate))
app.command("entangle")(takes(EntangleOptions, entangle))
app.command("show")(takes(ShowOptions, show))
app.command("prune-report")(takes(PruneOptions, prune_report))
app.command("prune")(takes(RemovalOptions, prune))
app.command("export")(takes(ExportOptions, export))
app.command("sanity")(takes(SanityOptions, sanity))
app.command("generate")(takes(GenerateOptions, generate))
app.command("robustness")(takes(RobustnessOptions, robustness))
app.command("stability")(takes(StabilityOptions, stability))
app.command("report")(takes(ReportOptions, report))
app.command("validate")(takes(ValidateOptions, validate))
app.command("faces")(takes(FacesOptions, faces))
app.command("demo")(takes(DemoOptions, demo))


def main() -> None:
    """Run the command line and leave with its exit code."""
    app(prog_name="mamviz")
