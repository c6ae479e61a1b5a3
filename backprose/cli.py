"""The command: `backprose grad`, `backprose check`, `backprose rules`, `backprose demo`."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .transform.errors import ArgumentError, BackproseError

if TYPE_CHECKING:
    from .inputs import Inputs
    from .transform.options import LoopOptions
    from .transform.request import Derived

# What a command needs is imported in it: `--help` and `--version` load neither JAX nor SciPy.

FORMS = (
    "atoms",
    "typed",
    "streamed",
    "vectorised",
    "adjoint",
    "simplified",
    "recorded",
    "outlined",
)


class Commands(click.Group):
    """A group that answers a user's mistake with a message and exit code 2, not a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(130)
        except BrokenPipeError:  # who reads has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        except OSError as error:
            click.echo(f"{error.filename or 'standard output'}: {error.strerror}", err=True)
            sys.exit(1)
        except (click.ClickException, BackproseError) as error:
            known = isinstance(error, click.ClickException)
            click.echo(error.format_message() if known else str(error), err=True)
            sys.exit(2)
        sys.exit(code or 0)


def about_arguments(command: Callable) -> Callable:
    """The options that say which function, for which arguments."""
    options = (
        click.argument("function", metavar="FILE.py:FUNCTION|MODULE:FUNCTION"),
        click.option("--wrt", metavar="NAMES", help="Differentiate with respect to these: W,V."),
        click.option(
            "--arg",
            "arguments",
            metavar="NAME=SPEC",
            multiple=True,
            help="The kind of an argument: X=f64[150,2], s=f32, n=int=3, mode=str=relu.",
        ),
        click.option(
            "--example",
            metavar="FUNCTION",
            help="A function that returns the arguments as a tuple or a dict: its name in the same "
            "file, or FILE.py:FUNCTION or MODULE:FUNCTION.",
        ),
        click.option(
            "--target",
            type=click.Choice(["jax", "numpy"]),
            help="What the derivative is written in.  [default: jax]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Derivatives of plain NumPy functions, as Python that a person can read."""


class SavedStates(click.ParamType):
    """What `checkpoint=` takes: "all", "sqrt", or a number."""

    name = "all|sqrt|N"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return int(value) if isinstance(value, str) and value.isdigit() else value


def about_loops(command: Callable) -> Callable:
    """The options that say what is saved of loops, and in which order sums are added up."""
    options = (
        click.option("--max-steps", type=int, metavar="N", help="No `while` loop runs longer."),
        click.option(
            "--checkpoint",
            type=SavedStates(),
            help="What compiled code saves of `for` loops: all that it needs, the state at every "
            "sqrt(n)-th iteration, or N states.  [default: all, up to 1 GiB]",
        ),
        click.option(
            "--keep-order",
            is_flag=True,
            help="Add up what a loop adds up in the order of the loop.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@about_arguments
@about_loops
@click.option("--value", is_flag=True, help="Return the value of the function too.")
@click.option("--show", type=click.Choice(FORMS), help="Print the form after this step instead.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write a module that runs on its own to this file; - is standard output.",
)
def grad(
    function: str,
    wrt: str | None,
    arguments: tuple[str, ...],
    example: str | None,
    target: str | None,
    max_steps: int | None,
    checkpoint: str | int | None,
    keep_order: bool,
    value: bool,
    show: str | None,
    output: Path | None,
) -> None:
    """Print the gradient of a function.

    The file or module is imported, which runs it; the function itself is only read.

    Without --wrt the gradient is with respect to the first floating-point argument. Shapes and
    dtypes come from --arg, from annotations such as Float[Array, "150 2"], from defaults, or from
    --example. An argument of which nothing is known is taken as a float64 scalar.
    """
    from .inputs import gather
    from .terminal import print_source
    from .transform.pipeline import derive
    from .transform.request import Request

    if output is not None:
        _check_output(output, show, function)
    inputs = gather(function, arguments, example, wrt)
    _say_assumed(inputs)
    target = target or inputs.target
    names, single = _differentiated(inputs)
    mode = "value_and_grad" if value or inputs.mode == "value_and_grad" else "grad"
    loops = _loops(inputs, max_steps, checkpoint, keep_order)
    request = Request(
        inputs.function, inputs.specs, names, mode, inputs.has_aux, target, single, loops
    )
    derived = derive(request, show=True)
    if show is not None and show not in derived.forms:
        raise ArgumentError(f'there is no form "{show}" for target "{target}"')
    if show:
        print_source(derived.forms[show])
    elif output is None:
        print_source(derived.emitted.text)
    else:
        _write(output, derived, target)


@main.command()
@about_arguments
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    help="Of the random arguments.",
    show_default=True,
)
def check(
    function: str,
    wrt: str | None,
    arguments: tuple[str, ...],
    example: str | None,
    target: str | None,
    seed: int,
) -> None:
    """Check the gradient of a function against finite differences.

    The file or module is imported, which runs it, and the function is called. The exit code is 1
    where the derivative is wrong.

    Without --wrt every floating-point argument is checked. The arguments are those that --example
    returns, or else defaults and random ones of the shapes that --arg or annotations say.
    """
    from rich.console import Console

    from .checking import failures, report
    from .inputs import gather
    from .terminal import report_table

    inputs = gather(function, arguments, example, wrt)
    _say_assumed(inputs)
    values = _sampled(inputs, seed)
    with contextlib.redirect_stdout(sys.stderr):  # what the function prints
        rows = report(
            inputs.derivative or inputs.function,
            values,
            argnums=inputs.wrt,
            target=target or inputs.target,
            seed=seed,
        )
    Console().print(report_table(rows))
    if not all(row.ok for row in rows):
        click.echo(failures(rows))
        sys.exit(1)


@main.command()
@click.argument("name", required=False)
@click.option("--count", is_flag=True, help="Print how many functions there are of each kind.")
def rules(name: str | None, count: bool) -> None:
    """Print what becomes of each function of NumPy, SciPy and JAX: its rule, or why there is none.

    With a NAME, the functions that have it in theirs; of a full one, np.linalg.svd, the text of its rule as well.
    """
    from rich.console import Console

    from .primitives.catalogue import catalogue
    from .terminal import count_table, print_source, rules_table

    entries = [entry for entry in catalogue() if name is None or name in entry.name]
    if not entries:
        raise ArgumentError(
            f"no function has {name!r} in its name", remedy="backprose rules lists all"
        )
    Console().print(count_table(entries) if count else rules_table(entries))
    for entry in entries:
        if entry.name == name and entry.rules:
            print_source("\n\n".join(inspect.getsource(rule) for rule in entry.rules))


@main.command()
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("iris_boundaries.png"),
    help="Where the decision boundaries are drawn.",
    show_default=True,
)
def demo(plot: Path) -> None:
    """Train a two-layer network on the Iris data with the gradient that backprose writes."""
    from .demo import run

    sys.exit(0 if run(plot) else 1)


def _differentiated(inputs: Inputs) -> tuple[tuple[str, ...], bool]:
    """With respect to what, and whether the gradient of one argument is returned bare."""
    from .functions import argument_names

    if inputs.wrt is not None:
        return inputs.wrt, len(inputs.wrt) == 1
    if inputs.derivative is not None:
        argnums = inputs.derivative.argnums
        names = argument_names(argnums, inspect.signature(inputs.function))
        return names, isinstance(argnums, int | str)
    if not inputs.floating():
        raise ArgumentError(f"{inputs.function.__name__} has no floating-point argument")
    return (inputs.floating()[0],), True


def _loops(
    inputs: Inputs, max_steps: int | None, checkpoint: str | int | None, keep_order: bool
) -> LoopOptions:
    """What is asked for of loops, over what the function's own decorator asks for."""
    from .transform.options import LoopOptions

    own = inputs.derivative.loops if inputs.derivative is not None else LoopOptions()
    return LoopOptions(
        own.max_steps if max_steps is None else max_steps,
        own.checkpoint if checkpoint is None else checkpoint,
        own.reassociate and not keep_order,
    )


def _say_assumed(inputs: Inputs) -> None:
    if inputs.assumed:
        names, first = ", ".join(inputs.assumed), inputs.assumed[0]
        what = "a float64 scalar" if len(inputs.assumed) == 1 else "float64 scalars"
        click.echo(f"taking {names} as {what}; give a shape with --arg {first}=f64[3,4]", err=True)


def _sampled(inputs: Inputs, seed: int) -> dict[str, Any]:
    """The arguments, drawn where they are not known, at which the function has a finite value."""
    import numpy as np

    from .importing import user_code
    from .points import Point
    from .samples import draw

    name = inputs.function.__name__
    for positive in (False, True):
        rng = np.random.default_rng(seed)
        values = {
            k: inputs.values[k] if k in inputs.values else draw(spec, rng, positive)
            for k, spec in inputs.specs.items()
        }
        point = Point.of(inputs.function, values, inputs.wrt, inputs.has_aux)
        with user_code(f"{name}(...)"):
            finite = np.isfinite(point.value())
        if finite:
            return values
        if len(inputs.values) == len(inputs.specs):
            break
    raise ArgumentError(
        f"{name} is not finite at the arguments that were tried",
        remedy="give arguments with --example",
    )


def _check_output(output: Path, show: str | None, function: str) -> None:
    from .files import refuse_sources

    if show is not None:
        raise ArgumentError("--show prints a form, -o writes the source: give one of them")
    refuse_sources(output, [function.rpartition(":")[0]])


def _write(output: Path, derived: Derived, target: str) -> None:
    from .files import refuse_sources, write_whole

    if derived.emitted.constants:
        names = ", ".join(derived.emitted.constants)
        raise ArgumentError(
            f"the text reads large global arrays ({names}), which a module of its own cannot hold",
            remedy="pass them as arguments",
        )
    refuse_sources(output, derived.sources)
    try:
        write_whole(output, derived.emitted.standalone(target))
    except OSError as error:
        raise ArgumentError(f"cannot write {output}: {error.strerror}") from None
    if str(output) != "-":
        click.echo(f"wrote {output}", err=True)
