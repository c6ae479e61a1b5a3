"""The command: what it prints, where, and with which exit code."""

from __future__ import annotations

import ast
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import backprose.checking
from backprose.cli import FORMS, main

MODEL = """
import sys
import numpy as np
from backprose import value_and_grad

print("the module speaks")


def cost(X, w, scale=2.0, power: int = 2):
    return np.mean((X @ w) ** power) * scale


def annotated(x: "f64[3,4]", y: "Float[Array, '4']"):
    return np.sum(np.sin(x @ y))


def open_shape(x: "Float[Array, 'batch 4']"):
    return np.sum(x)


def powers(x: float, n: int):
    return x**n


def logarithm(x):
    return np.log(x)


def never(x):
    return x * np.nan


def vector(x):
    return 2 * x


def prints(x):
    print("the function speaks")
    return x * x


def raises(x):
    raise ValueError("no such thing")


def refused(x):
    with open("x"):
        return x


def counted(n=3):
    return n


@value_and_grad(argnums=("w", "b"), target="numpy")
def decorated(X, w, b=0.5):
    return np.sum(np.tanh(X @ w + b))


TABLE = np.arange(100.0)


def tabled(x):
    return np.sum(x * TABLE)


def arguments():
    return np.ones((5, 3)), np.arange(3.0)


def by_name():
    return {"n": 3, "x": 2.0}


def broken():
    return 1 / 0


class Energy:
    @staticmethod
    def kinetic(v):
        return 0.5 * np.sum(v**2)


number = 3
"""
SHAPES = ("--arg", "X=f64[5,3]", "--arg", "w=f64[3]")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of a user in the current folder; `sys.path` and `sys.modules` are restored."""
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield tmp_path / "model.py"
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) == str(tmp_path / f"{name}.py"):
            del sys.modules[name]


def command(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments, prog_name="backprose", catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def mistake(*arguments: str) -> str:
    """The message for a mistake: on stderr, with nothing on stdout and exit code 2."""
    result = command(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    message = result.stderr.removeprefix("the module speaks\n")
    assert message.endswith("\n") and message.strip()
    return message


# --- grad -----------------------------------------------------------------------------------------


def test_grad_prints_the_source_and_nothing_else(model):
    result = command("grad", "model.py:cost", "--wrt", "w", *SHAPES)
    assert result.exit_code == 0
    assert result.stderr == "the module speaks\n"
    tree = ast.parse(result.stdout)
    assert isinstance(tree.body[-1], ast.FunctionDef) and tree.body[-1].name == "cost_grad"
    assert result.stdout.endswith("\n") and not result.stdout.endswith("\n\n")


def test_grad_defaults_to_the_first_floating_argument(model):
    assert "with respect to X." in command("grad", "model.py:cost", *SHAPES).stdout
    assert "with respect to v." in command("grad", "model.py:Energy.kinetic").stdout


def test_grad_of_several_arguments_with_the_value(model):
    text = command("grad", "model.py:cost", "--wrt", "w, scale", "--value", *SHAPES).stdout
    assert "return value, (dw, " in text


def test_modules_work_like_files(model):
    assert command("grad", "model:cost", *SHAPES).stdout == (
        command("grad", "model.py:cost", *SHAPES).stdout
    )
    assert command("grad", f"{model}:cost", *SHAPES).exit_code == 0


def test_a_file_may_have_the_name_of_a_module(model):
    Path("json.py").write_text(MODEL)
    assert "logarithm_grad" in command("grad", "json.py:logarithm").stdout
    assert sys.modules["json"].__name__ == "json" and hasattr(sys.modules["json"], "dumps")


def test_target_numpy(model):
    text = command("grad", "model.py:cost", "--target", "numpy", *SHAPES).stdout
    assert "import numpy as np" in text and "jax" not in text


def test_a_decorated_function_says_what_to_do(model):
    text = command("grad", "model.py:decorated", "--arg", "X=f64[5,3]", "--arg", "w=f64[3]").stdout
    assert "Value of decorated and its gradient with respect to w and b." in text
    assert "jax" not in text
    text = command("grad", "model.py:decorated", "--wrt", "X", "--target", "jax", *SHAPES).stdout
    assert "with respect to X." in text and "jnp" in text


def test_shapes_from_annotations(model):
    result = command("grad", "model.py:annotated")
    assert "x: float64[3, 4], y: float64[4]" in result.stdout
    assert "taking" not in result.stderr


def test_shapes_from_an_example(model):
    for example in ("arguments", "model.py:arguments", "model:arguments"):
        result = command("grad", "model.py:cost", "--example", example)
        assert "X: float64[5, 3], w: float64[3], scale: float, power: 2" in result.stdout
    assert "x: float, n: 3" in command("grad", "model.py:powers", "--example", "by_name").stdout


def test_without_shapes_it_says_that_it_takes_scalars(model):
    result = command("grad", "model.py:logarithm")
    assert "x: float64" in result.stdout
    assert "taking x as a float64 scalar; give a shape with --arg x=f64[3,4]" in result.stderr


@pytest.mark.parametrize("form", FORMS)
def test_show_prints_a_form(model, form):
    result = command("grad", "model.py:annotated", "--show", form)
    assert result.exit_code == 0
    assert "sin" in result.stdout or "cos" in result.stdout
    assert "import" not in result.stdout


LOOPS = """
import numpy as np
from backprose import grad


def recurrence(x: "f64[100]"):
    s = 0.0
    for i in range(len(x)):
        s = np.tanh(s + x[i])
    return s


def total(x: "f64[100]"):
    s = 0.0
    for i in range(len(x)):
        s += np.sin(x[i])
    return s


@grad(max_steps=17)
def halved(x: float):
    while x > 1.0:
        x = 0.5 * x + 0.1 * np.sin(x)
    return x
"""


@pytest.fixture
def loops(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loops.py").write_text(LOOPS)


@pytest.mark.parametrize("how, segments", [("sqrt", "10"), ("20", "10"), ("all", None)])
def test_what_is_saved_of_a_loop(loops, how, segments):
    text = command("grad", "loops.py:recurrence", "--checkpoint", how).stdout
    assert ("def back_block" in text) is (segments is not None)


def test_the_order_of_sums(loops):
    assert "jnp.sum" in command("grad", "loops.py:total", "--value").stdout
    kept = command("grad", "loops.py:total", "--value", "--keep-order").stdout
    assert "jnp.sum" not in kept and "lax.scan(" in kept


def test_the_most_steps(loops):
    """The command's word goes before that of the decorator."""
    assert "17" in command("grad", "loops.py:halved").stdout
    text = command("grad", "loops.py:halved", "--max-steps", "23").stdout
    assert "23" in text and "17" not in text


def test_output_is_a_module_that_runs_on_its_own(model):
    result = command("grad", "model.py:cost", "--wrt", "w", *SHAPES, "-o", "out.py")
    assert result.exit_code == 0 and result.stdout == ""
    assert "wrote out.py" in result.stderr
    program = (
        "import sys; sys.modules['backprose'] = None\n"
        "import numpy as np, out\n"
        "print(np.asarray(out.cost_grad(np.ones((5, 3)), np.arange(3.0))))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "[12. 12. 12.]\n", ran.stderr


# --- check ----------------------------------------------------------------------------------------


def test_check_prints_a_table(model):
    result = command("check", "model.py:cost", *SHAPES)
    assert result.exit_code == 0
    rows = re.findall(r"^ *(\S+) +\S+e\S+ +\S+e\S+ +\S+ +(\w+)", result.stdout, flags=re.M)
    assert rows == [(name, "ok") for name in ("cost(...)", "X", "w", "scale")]


def test_check_at_an_example(model):
    result = command("check", "model.py:decorated", "--example", "arguments")
    assert result.exit_code == 0
    assert re.search(r"^ *w .*ok", result.stdout, flags=re.M)
    assert not re.search(r"^ *X ", result.stdout, flags=re.M)


def test_check_draws_the_same_arguments_each_time(model):
    first, second = (command("check", "model.py:cost", *SHAPES).stdout for _ in range(2))
    assert first == second != command("check", "model.py:cost", *SHAPES, "--seed", "1").stdout


def test_check_finds_arguments_inside_the_domain(model):
    for seed in range(3):
        assert command("check", "model.py:logarithm", "--seed", str(seed)).exit_code == 0


def test_check_keeps_stdout_to_itself(model):
    assert "the function speaks" not in command("check", "model.py:prints").stdout


def test_check_of_a_wrong_derivative_fails(model, monkeypatch):
    right = backprose.checking.value_and_grad

    def wrong(f, argnums, **options):
        def derivative(*args):
            value, (dX, dw, dscale) = right(f, argnums, **options)(*args)
            return value, (dX, 1.001 * dw, dscale)

        return derivative

    monkeypatch.setattr(backprose.checking, "value_and_grad", wrong)
    result = command("check", "model.py:cost", *SHAPES)
    assert result.exit_code == 1
    assert re.search(r"^ *w .*wrong", result.stdout, flags=re.M)
    assert re.search(r"^ *scale .*ok", result.stdout, flags=re.M)
    assert re.search(r"^  w\[\d\] ", result.stdout, flags=re.M)


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grad", "absent.py:f"], "there is no file absent.py"),
        (["grad", ".:f"], "there is no module '.'"),
        (["grad", "./:f"], "is a folder"),
        (["grad", "absent:f"], "there is no module 'absent'"),
        (["grad", "model.absent:f"], "there is no module 'model.absent'"),
        (["grad", "model.py"], "FILE.py:FUNCTION or MODULE:FUNCTION"),
        (["grad", "model.py:csot"], "no function 'csot'; did you mean cost?"),
        (["grad", "model.py:zzz"], "it has cost, annotated,"),
        (["grad", "model.py:number"], "not a Python function"),
        (
            ["grad", "model.py:cost", "--wrt", "X,q"],
            "'q', but the arguments are X, w, scale, power",
        ),
        (["grad", "model.py:cost", "--wrt", "X,X"], "twice"),
        (["grad", "model.py:cost", "--wrt", "power", *SHAPES], "not floating point"),
        (["grad", "model.py:cost", "--arg", "X"], "write --arg X=f64[150,2]"),
        (["grad", "model.py:cost", "--arg", "X=f65[3]"], "unknown dtype 'f65'"),
        (["grad", "model.py:cost", "--arg", "X=f64[3"], "missing ']'"),
        (["grad", "model.py:cost", "--arg", "q=f64"], "--arg names 'q'"),
        (["grad", "model.py:cost", *SHAPES, *SHAPES], "gives X twice"),
        (["grad", "model.py:cost", "--arg", "X=f64[2,2]", "--arg", "w=f64[3]"], "model.py:10:"),
        (["grad", "model.py:cost", *SHAPES, "--example", "arguments"], "give one of them"),
        (["grad", "model.py:cost", "--example", "by_name"], "does not fit"),
        (["grad", "model.py:cost", "--example", "broken"], "ZeroDivisionError"),
        (["grad", "model.py:cost", "--example", "number"], "not a function"),
        (["grad", "model.py:cost", "--example", "counted"], "not int"),
        (["grad", "model.py:powers"], "--arg n=int=3"),
        (["grad", "model.py:open_shape"], "'batch' is not a number"),
        (["grad", "model.py:refused"], '    with open("x"):\n    ^^^'),
        (["grad", "model.py:vector", "--arg", "x=f64[3]"], "needs a real scalar"),
        (["grad", "model.py:counted"], "no floating-point argument"),
        (["grad", "model.py:cost", "--wtr", "X"], "--wtr"),
        (["grad"], "Missing argument"),
        (["gard", "model.py:cost"], "gard"),
        (["grad", "model.py:cost", "--target", "fortran"], "fortran"),
        (["grad", "model.py:cost", "-o", "model.py"], "overwrite"),
        (["grad", "model.py:annotated", "-o", "absent/out.py"], "cannot write absent/out.py"),
        (["grad", "model.py:annotated", "-o", "."], "cannot write"),
        (["grad", "model.py:annotated", "-o", "o.py", "--show", "typed"], "give one of them"),
        (["grad", "model.py:cost", *SHAPES, "--checkpoint", "some"], "checkpoint must be"),
        (["grad", "model.py:cost", *SHAPES, "--max-steps", "0"], "max_steps must be"),
        (
            ["grad", "model.py:annotated", "--target", "numpy", "--show", "vectorised"],
            'no form "vectorised" for target "numpy"',
        ),
        (["grad", "model.py:tabled", "--arg", "x=f64[100]", "-o", "o.py"], "(TABLE)"),
        (["check", "model.py:vector", "--arg", "x=f64[3]"], "needs a real scalar"),
        (["check", "model.py:never"], "not finite"),
        (["check", "model.py:raises"], "ValueError: no such thing\n  at "),
        (["demo", "--plot", "absent/plot.png"], "no folder absent"),
    ],
)
def test_mistakes_give_one_message(model, arguments, message):
    assert message in mistake(*arguments)
    assert {p.name for p in Path().iterdir()} <= {"model.py", "__pycache__"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(x):\n    return x +\n", r"SyntaxError: .*\n  at .*user.py:2\n    return x +"),
        (
            "def g():\n    return q\n\nq2 = g()\n",
            r"NameError: .*'q'.*\n  at .*user.py:2\n    return q",
        ),
        ("import absent_module\n", r"ModuleNotFoundError: .*\n  at .*user.py:1\n    import absent"),
        (
            "import numpy as np\nnp.linalg.inv(np.zeros((2, 2)))\n",
            r"LinAlgError.*\n  at .*user.py:2",
        ),
        ("import sys\nsys.exit(3)\n", r"calls sys.exit\(\)\n  remedy: .*__main__"),
    ],
)
def test_a_file_that_cannot_be_imported(model, text, message):
    Path("user.py").write_text(text)
    for name in ("user.py:f", "user:f"):
        assert re.search(message, mistake("grad", name))


def test_help_says_that_the_file_runs():
    for name in ("grad", "check"):
        assert "imported, which runs it" in command(name, "--help").stdout
    assert "Commands:" in command("--help").stdout


# --- in a shell -----------------------------------------------------------------------------------


def backprose_command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from backprose.cli import main; main()", *arguments]


def test_in_a_pipe_the_text_is_plain(model):
    arguments = ("grad", "model.py:cost", *SHAPES)
    ran = subprocess.run(backprose_command(*arguments), capture_output=True, text=True)
    assert ran.returncode == 0
    assert ran.stdout == command(*arguments).stdout


def on_terminal(*arguments: str, interrupt: str = "") -> tuple[int, str]:
    """Run on a terminal of 80 columns; press Ctrl-C once `interrupt` is on the screen."""
    terminal, other = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    child = subprocess.Popen(
        # A process in the background ignores Ctrl-C, and so do those that it starts.
        ["env", "--default-signal=INT", *backprose_command(*arguments)],
        stdin=other,
        stdout=other,
        stderr=other,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "80"},
        start_new_session=True,
    )
    os.close(other)
    screen, end = "", time.monotonic() + 120
    while time.monotonic() < end:
        try:
            screen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other side is closed
            break
        if interrupt and interrupt in screen:
            child.send_signal(signal.SIGINT)
            interrupt = ""
    os.close(terminal)
    return child.wait(timeout=60), screen.replace("\r\n", "\n")


def test_on_a_terminal_the_text_is_coloured(model):
    code, screen = on_terminal("grad", "model.py:annotated")
    assert code == 0 and "\x1b[" in screen
    plain = re.sub(r"\x1b\[[\d;]*m", "", screen).removeprefix("the module speaks\n")
    assert plain == command("grad", "model.py:annotated").stdout


def test_ctrl_c_leaves_a_clean_terminal(model):
    Path("slow.py").write_text("import time\nprint('waiting')\ntime.sleep(60)\n")
    code, screen = on_terminal("grad", "slow.py:f", interrupt="waiting")
    assert code == 130
    assert "Traceback" not in screen
