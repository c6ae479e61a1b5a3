"""Counting array operations in the jaxpr of a function that is written in two parts, primal and adjoint."""

import inspect
import linecache
import textwrap

import jax
import numpy as np

MARK = "    # Adjoint"


def operations(function, arguments) -> int:
    """The equations with array results, inside nested jaxprs too."""

    def count(jaxpr) -> int:
        total = 0
        for equation in jaxpr.eqns:
            inner = [
                p for p in equation.params.values() if hasattr(p, "jaxpr") or hasattr(p, "eqns")
            ]
            if inner:
                total += sum(count(getattr(p, "jaxpr", p)) for p in inner)
            else:
                total += any(v.aval.shape for v in equation.outvars)
        return total

    with jax.enable_x64(True):
        return count(jax.make_jaxpr(function)(*arguments).jaxpr)


def forward_part(function):
    """The function up to its adjoint part, returning every array that it has computed by then."""
    text = textwrap.dedent(inspect.getsource(function))
    head = text.split(MARK)[0]
    source = head + "    return [v for v in locals().values() if hasattr(v, 'dtype')]\n"
    filename = f"<forward part of {function.__name__} {hash(source)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = dict(function.__globals__)
    exec(compile(source, filename, "exec"), namespace)
    return namespace[function.__name__]


def adjoint_operations(function, arguments) -> int:
    """Array operations of the adjoint part alone."""
    arrays = [np.asarray(a) for a in arguments]
    return operations(function, arrays) - operations(forward_part(function), arrays)
