"""The loop programs with arguments, sizes and references; differences of whole argument trees.

At every size the arguments are a smooth point: no ties, no test near its threshold, and a count of
iterations that a change of 1e-5 leaves as it is.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import loop_analytic as analytic
from . import loop_arguments as given
from . import loop_ports as ports
from . import loops_control as control
from . import loops_grids as grids
from . import loops_independent as independent
from . import loops_iterations as iterations
from . import loops_linear_algebra as linear
from . import loops_sequences as sequences


@dataclass(frozen=True)
class LoopProgram:
    """A function, `arguments(size, seed)` by name, and the arguments `wrt` to differentiate.

    `sizes` go from few iterations (where it makes sense none) to many. `analytic` and `port` take
    the function's arguments and give the gradients by name, and the function's value. A port with
    a `while_loop` is `forward`.
    """

    function: Callable[..., Any]
    arguments: Callable[[int, int], dict[str, Any]]
    sizes: tuple[int, ...]
    wrt: tuple[str, ...]
    analytic: Callable[..., dict[str, Any]] | None = None
    port: Callable[..., Any] | None = None
    forward: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    def at(self, size: int) -> dict[str, Any]:
        """The arguments at which the program is tested."""
        return self.arguments(size, 7 + size)

    def value(self, arguments: dict[str, Any]) -> float:
        """The function's value, for copies: some programs overwrite their arguments."""
        return float(self.function(**copy.deepcopy(arguments)))

    def chosen(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments to differentiate."""
        return {name: arguments[name] for name in self.wrt}

    def difference(
        self, arguments: dict[str, Any], direction: dict[str, Any], step: float = 1e-5
    ) -> float:
        """The derivative along a direction, by central differences at two steps, extrapolated."""

        def central(h: float) -> float:
            def at(h: float) -> float:
                moved = jax.tree.map(lambda a, u: a + h * u, self.chosen(arguments), direction)
                return self.value({**arguments, **moved})

            return (at(h) - at(-h)) / (2 * h)

        return (4 * central(step / 2) - central(step)) / 3

    def directions(self, arguments: dict[str, Any], seed: int, limit: int = 40) -> list[Any]:
        """Three random directions and, for at most `limit` numbers, along each of them."""
        chosen = self.chosen(arguments)
        rng = np.random.default_rng(seed)
        found = [jax.tree.map(lambda a: rng.normal(size=np.shape(a)), chosen) for _ in range(3)]
        leaves, tree = jax.tree.flatten(chosen)
        if sum(map(np.size, leaves)) <= limit:
            for k, leaf in enumerate(leaves):
                for i in range(np.size(leaf)):
                    units = [np.zeros(np.shape(other)) for other in leaves]
                    units[k].reshape(-1)[i] = 1
                    found.append(jax.tree.unflatten(tree, units))
        return found

    def scale(self, arguments: dict[str, Any], gradients: Any) -> float:
        """What errors are relative to; with small gradients, rounding of the value counts."""
        return max(largest(gradients), 1e-3 * max(1, abs(self.value(arguments))))

    def port_value(self, arguments: dict[str, Any]) -> float:
        assert self.port is not None
        on_jax = lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x
        return float(self.port(**jax.tree.map(on_jax, arguments)))

    def port_gradients(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The port differentiated by JAX."""
        port = self.port
        assert port is not None
        differentiate = jax.jacfwd if self.forward else jax.grad
        of = differentiate(lambda chosen: port(**{**arguments, **chosen}))
        return jax.tree.map(np.asarray, jax.jit(of)(self.chosen(arguments)))


def inner_product(gradients: Any, direction: Any) -> float:
    pairs = zip(jax.tree.leaves(gradients), jax.tree.leaves(direction), strict=True)
    return sum(float(np.sum(np.asarray(g) * u)) for g, u in pairs)


def largest(gradients: Any) -> float:
    """The largest element of all, in absolute value."""
    leaves = jax.tree.leaves(gradients)
    return max((float(np.max(np.abs(g), initial=0)) for g in leaves), default=0.0)


CORPUS: tuple[LoopProgram, ...] = (
    # --- linear algebra ---
    LoopProgram(
        linear.cholesky_elements,
        given.positive_definite,
        (1, 2, 12),
        ("A",),
        port=ports.cholesky_elements,
    ),
    LoopProgram(
        linear.cholesky_rows,
        given.positive_definite,
        (1, 2, 30),
        ("A",),
        port=ports.cholesky_rows,
    ),
    LoopProgram(
        linear.gram_schmidt,
        lambda n, seed: {"A": given.normal(seed)(n + 2, n)},
        (1, 2, 25),
        ("A",),
        port=ports.gram_schmidt,
    ),
    LoopProgram(
        linear.triangular_solve,
        given.lower_system,
        (0, 1, 4, 200),
        ("L", "b"),
        analytic.triangular_solve,
    ),
    LoopProgram(
        linear.thomas,
        given.tridiagonal,
        (1, 2, 9, 1000),
        ("lower", "diagonal", "upper", "rhs"),
        analytic.thomas,
    ),
    LoopProgram(
        linear.gauss_seidel,
        given.dominant_system,
        (0, 1, 40),
        ("A", "b"),
        port=ports.gauss_seidel,
    ),
    LoopProgram(
        linear.covariance,
        lambda n, seed: {"X": given.normal(seed)(n, 4)},
        (2, 5, 200),
        ("X",),
        analytic.covariance,
    ),
    LoopProgram(
        linear.floyd_warshall,
        given.distances,
        (1, 2, 5, 14),
        ("D",),
        port=ports.floyd_warshall,
    ),
    # --- grids ---
    LoopProgram(grids.jacobi_1d, given.line, (0, 1, 200), ("u", "f"), port=ports.jacobi_1d),
    LoopProgram(grids.jacobi_2d, given.plate, (0, 1, 2, 301), ("u", "f"), port=ports.jacobi_2d),
    LoopProgram(grids.heat_3d, given.heat, (0, 1, 200), ("u", "alpha"), port=ports.heat_3d),
    LoopProgram(
        grids.matrix_sweep,
        lambda n, seed: {"a": given.normal(seed)(n, n + 1)},
        (1, 2, 5, 60),
        ("a",),
        port=ports.matrix_sweep,
    ),
    LoopProgram(
        grids.convolution,
        given.image_and_kernel,
        (3, 6, 40),
        ("image", "kernel"),
        analytic.convolution,
        ports.convolution,
    ),
    LoopProgram(
        grids.max_pooling,
        lambda n, seed: {"image": given.normal(seed)(n, n + 2), "size": 2},
        (1, 2, 5, 60),
        ("image",),
        port=ports.max_pooling,
    ),
    LoopProgram(
        grids.cavity_flow,
        given.cavity,
        (0, 1, 40),
        ("u", "v", "p", "nu"),
        port=ports.cavity_flow,
    ),
    # --- sequences ---
    LoopProgram(
        sequences.recurrence,
        lambda n, seed: {"x": given.normal(seed)(n), "d": 0.8},
        (1, 2, 10, 3000),
        ("x", "d"),
        port=ports.recurrence,
    ),
    LoopProgram(
        sequences.lstm,
        given.lstm,
        (0, 1, 100),
        ("X", "h", "c", "W", "U", "b"),
        port=ports.lstm,
    ),
    LoopProgram(
        sequences.horner,
        lambda n, seed: {
            "coefficients": given.normal(seed)(n),
            "x": given.uniform(seed)(-0.9, 0.9, 5),
        },
        (0, 1, 4, 500),
        ("coefficients", "x"),
        analytic.horner,
    ),
    LoopProgram(
        sequences.hidden_markov,
        given.hidden_markov,
        (1, 2, 400),
        ("initial", "transition", "emission"),
        port=ports.hidden_markov,
    ),
    LoopProgram(
        sequences.kalman,
        given.kalman,
        (0, 1, 2, 100),
        ("Y", "F", "H", "Q", "R"),
        port=ports.kalman,
    ),
    LoopProgram(
        sequences.time_warping,
        given.pair_of_series,
        (1, 2, 7, 40),
        ("x", "y"),
        port=ports.time_warping,
    ),
    LoopProgram(
        sequences.moving_average,
        lambda n, seed: {"x": given.normal(seed)(n), "decay": 0.7},
        (0, 1, 9, 2000),
        ("x", "decay"),
        analytic.moving_average,
    ),
    LoopProgram(
        sequences.moments_of_rows,
        lambda n, seed: {"X": given.normal(seed)(n, 4)},
        (1, 2, 1000),
        ("X",),
        port=ports.moments_of_rows,
    ),
    LoopProgram(
        sequences.online_regression,
        given.labelled_rows,
        (0, 1, 9, 500),
        ("X", "y", "w", "rate"),
        port=ports.online_regression,
    ),
    LoopProgram(
        sequences.layers_of_different_widths,
        given.layers,
        (1, 2, 6),
        ("layers", "x"),
        port=ports.layers_of_different_widths,
    ),
    # --- iterations ---
    LoopProgram(
        iterations.runge_kutta,
        given.populations,
        (0, 1, 150),
        ("y0", "times", "rates"),
        port=ports.runge_kutta,
    ),
    LoopProgram(
        iterations.adaptive_heun,
        given.stiffness,
        (0, 1, 2, 3),
        ("y", "rates", "t_end"),
        port=ports.adaptive_heun,
        forward=True,
    ),
    LoopProgram(
        iterations.n_body,
        given.planets,
        (0, 1, 60),
        ("positions", "velocities", "masses", "dt"),
        port=ports.n_body,
    ),
    LoopProgram(
        iterations.newton,
        given.root,
        (0, 1, 2, 3),
        ("coefficients", "x"),
        port=ports.newton,
        forward=True,
    ),
    LoopProgram(
        iterations.power_iteration,
        given.symmetric,
        (0, 1, 2, 3),
        ("A",),
        port=ports.power_iteration,
        forward=True,
    ),
    LoopProgram(
        iterations.pagerank,
        given.links,
        (0, 1, 2, 3),
        ("links", "damping"),
        port=ports.pagerank,
        forward=True,
    ),
    LoopProgram(
        iterations.logistic_map,
        lambda steps, seed: {"x": 0.31, "r": 3.2, "steps": steps},
        (0, 1, 5, 2000),
        ("x", "r"),
        port=ports.logistic_map,
    ),
    LoopProgram(
        iterations.european_call,
        given.option,
        (0, 1, 2, 60),
        ("spot", "strike", "volatility", "rate"),
        analytic.european_call,
    ),
    LoopProgram(
        iterations.american_put,
        given.option,
        (0, 1, 3, 300),
        ("spot", "strike", "volatility", "rate"),
        port=ports.american_put,
    ),
    # --- independent iterations ---
    LoopProgram(
        independent.pair_energy,
        given.charged,
        (1, 5),
        ("positions", "charges"),
        port=ports.pair_energy,
    ),
    LoopProgram(
        independent.filtered,
        given.image_and_kernel,
        (3, 20),
        ("image", "kernel"),
        port=ports.filtered,
    ),
    LoopProgram(
        independent.kernel_matrix,
        given.two_clouds,
        (1, 4),
        ("X", "Y", "length"),
        port=ports.kernel_matrix,
    ),
    LoopProgram(
        independent.normalised_rows,
        lambda n, seed: {"X": given.normal(seed)(n, 4), "gain": 0.7},
        (0, 3),
        ("X", "gain"),
        port=ports.normalised_rows,
    ),
    LoopProgram(
        independent.binned,
        given.in_bins,
        (0, 7),
        ("values", "weights"),
        port=ports.binned,
    ),
    # --- control ---
    LoopProgram(
        control.bubble_sort,
        lambda n, seed: {"x": given.normal(seed)(n)},
        (1, 2, 8, 100),
        ("x",),
        analytic.bubble_sort,
        ports.bubble_sort,
    ),
    LoopProgram(
        control.sum_of_logs,
        lambda n, seed: {"x": given.signed(n, seed), "weights": given.normal(seed + 1)(n)},
        (0, 1, 8, 3000),
        ("x", "weights"),
        analytic.sum_of_logs,
    ),
    LoopProgram(
        control.first_large_product,
        given.products,
        (0, 1, 2),
        ("x", "y"),
        analytic.first_large_product,
    ),
    LoopProgram(
        control.limiter,
        lambda n, seed: {"signal": given.normal(seed)(n), "low": -0.7, "high": 0.4},
        (0, 1, 9, 3000),
        ("signal", "low", "high"),
        analytic.limiter,
    ),
    LoopProgram(
        control.largest_drawdown,
        given.prices,
        (1, 2, 12, 2000),
        ("prices",),
        analytic.largest_drawdown,
    ),
    LoopProgram(
        control.escape,
        given.complex_plane,
        (0, 1, 2, 3),
        ("c_re", "c_im"),
        port=ports.escape,
    ),
)
