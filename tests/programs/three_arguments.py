"""Functions of a vector `a`, a matrix `b` and a number `c`, made of a few lines."""

import numpy as np

from backprose import grad

RNG = np.random.default_rng(5)
POINT = RNG.normal(size=7), RNG.normal(size=(6, 5)), np.float64(0.4)
SUM = "np.sum(a * np.arange(1.0, 8.0)) + np.sum(np.sin(b) * np.arange(30.0).reshape(6, 5))"


def program(*lines):
    """The text of `f(a, b, c)`, which runs the lines and adds up what they leave in its arguments."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"import numpy as np\n\n\ndef f(a, b, c):\n{body}\n    return {SUM} + c\n"


def text_of(lines, tmp_path, **options):
    """The gradient's text."""
    names: dict = {}
    path = tmp_path / "program.py"
    path.write_text(program(*lines))
    exec(compile(path.read_text(), str(path), "exec"), names)
    return grad(names["f"], argnums=(0, 1, 2), **options).source_for(*POINT)
