"""The public face: how a derivative is made, called, cached, printed and saved."""

import inspect
import linecache
import subprocess
import sys
import traceback
from collections import namedtuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from programs.references import assert_gradient

import backprose
from backprose import ArgumentError, grad, value_and_grad

RATE = 2.0
TABLE = np.array([1.0, 2.0, 3.0])
Layer = namedtuple("Layer", "weights bias")


def power_sum(x, n=2, *, scale=1.0):
    return scale * np.sum(x**n)


def two(x, y):
    return np.sum(x * y) + np.sum(y**2)


def rated(x):
    return RATE * np.sum(x * TABLE)


def weighted(x):
    return np.sum(x * TABLE)


# --- ways to make one ---


def test_bare_decorator():
    @grad
    def f(x):
        return np.sum(x**3)

    np.testing.assert_allclose(f(np.array([1.0, 2.0])), [3.0, 12.0])
    assert f.__name__ == "f"


def test_decorator_with_arguments():
    @grad(argnums=("y", 0))
    def f(x, y):
        return np.sum(x * y**2)

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    dy, dx = f(x, y)
    np.testing.assert_allclose(dy, 2 * x * y)
    np.testing.assert_allclose(dx, y**2)


def test_function_call_with_negative_argnum(rng):
    x, y = rng.normal(size=3), rng.normal(size=3)
    np.testing.assert_allclose(grad(two, argnums=-1)(x, y), x + 2 * y)
    np.testing.assert_allclose(grad(two, 1)(x, y=y), x + 2 * y)


def test_value_and_grad_with_aux(rng):
    @value_and_grad(has_aux=True)
    def f(x):
        y = np.sin(x)
        return np.sum(y), (y, x.shape[0])

    x = rng.normal(size=3)
    (value, (y, n)), gradient = f(x)
    assert value == pytest.approx(np.sum(np.sin(x)))
    np.testing.assert_allclose(y, np.sin(x))
    assert n == 3
    np.testing.assert_allclose(gradient, np.cos(x))


def test_lambda(rng):
    x = rng.normal(size=3)
    f, g = grad(lambda x: np.sum(x**2)), grad(lambda x: np.sum(x**3))
    np.testing.assert_allclose(f(x), 2 * x)
    np.testing.assert_allclose(g(x), 3 * x**2)


def test_method(rng):
    class Model:
        scale = 3.0

        @grad
        def energy(self, x):
            return self.scale * np.sum(x**2)

    x = rng.normal(size=3)
    model = Model()
    with pytest.raises(ArgumentError, match="not floating point"):
        model.energy(x)  # self is the first argument

    class Better:
        scale = 3.0

        @grad(argnums="x")
        def energy(self, x):
            return self.scale * np.sum(x**2)

    np.testing.assert_allclose(Better().energy(x), 6 * x)


@pytest.mark.parametrize("argnums", ["z", 2, -3, True, (), ("x", "x"), ("x", 0)])
def test_bad_argnums(argnums):
    with pytest.raises(ArgumentError, match="argnums"):
        grad(two, argnums=argnums)


def test_bad_target():
    with pytest.raises(ArgumentError, match="target"):
        grad(two, target="torch")


def test_not_a_python_function():
    with pytest.raises(ArgumentError, match="not a Python function"):
        grad(np.sum)


def test_jitted_function_is_read_through(rng):
    x = rng.normal(size=3)
    np.testing.assert_allclose(grad(jax.jit(lambda x: jnp.sum(x**2)))(x), 2 * x)


# --- structure and dtype of arguments and results ---


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(target, dtype, rng):
    x = rng.normal(size=4).astype(dtype)

    def f(x):
        y = np.where(x > 0, x, 0.1 * x) * np.arange(4) + np.float32(0.5)
        return np.sum(y / 3) * np.pi + np.max(x)

    value, gradient = value_and_grad(f, target=target)(x)
    assert value.dtype == f(x).dtype
    assert gradient.dtype == dtype
    np.testing.assert_allclose(value, f(x), rtol=1e-6 if dtype == np.float32 else 1e-14)


def test_mixed_dtypes_follow_numpy(rng):
    x, i = rng.normal(size=3).astype(np.float32), np.array([1, 2, 3], dtype=np.int32)

    def f(x, i):
        return np.sum(x * i)  # float64 in NumPy, float32 in JAX

    value, gradient = value_and_grad(f)(x, i)
    assert value.dtype == f(x, i).dtype == np.float64
    assert value == f(x, i)
    assert gradient.dtype == np.float32


def test_numpy_in_numpy_out_jax_in_jax_out(rng):
    x = rng.normal(size=3)
    result = grad(power_sum)(x)
    assert type(result) is np.ndarray and result.flags.writeable
    assert isinstance(grad(power_sum)(jnp.asarray(x)), jax.Array)


def test_python_float_and_numpy_scalar():
    assert grad(lambda x: x**2)(3.0) == 6.0
    assert isinstance(grad(lambda x: x**2)(3.0), float)
    assert grad(lambda x: x**2)(np.float32(3)).dtype == np.float32


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_containers(target, rng):
    def f(params, layers, pair, factor):
        h = params["W"] @ layers[0][0] + params["b"]
        for layer in layers[1:]:
            h = np.tanh(layer.weights @ h + layer.bias)
        return factor["scale"] * np.sum(h * pair[0]) + pair[1]

    params = {"W": rng.normal(size=(3, 3)), "b": rng.normal(size=3), "unused": np.ones(2)}
    layers = [
        [rng.normal(size=3)],
        Layer(rng.normal(size=(3, 3)), 0.5),
        Layer(rng.normal(size=(3, 3)), 0.1),
    ]
    pair = (rng.normal(size=3), 2.0)
    factor = {"scale": 2, "name": "anything"}
    d = grad(f, argnums=("params", "layers", "pair"), target=target)(params, layers, pair, factor)
    dparams, dlayers, dpair = d
    assert (
        set(dparams) == set(params) and isinstance(dlayers[1], Layer) and isinstance(dpair, tuple)
    )
    np.testing.assert_array_equal(dparams["unused"], np.zeros(2))

    def of_leaves(W, b, w, bias):
        new = [layers[0], Layer(w, bias), layers[2]]
        return f({**params, "W": W, "b": b}, new, pair, factor)

    args = [params["W"], params["b"], layers[1].weights, layers[1].bias]
    found = [dparams["W"], dparams["b"], dlayers[1].weights, dlayers[1].bias]
    assert_gradient(of_leaves, found, args, [0, 1, 2, 3], rng)
    assert dpair[1] == pytest.approx(1.0)


@pytest.mark.parametrize("value", [np.array([1, 2]), 3, True, "x", None, [1, 2]], ids=repr)
def test_what_cannot_be_differentiated(value):
    with pytest.raises(ArgumentError, match="'x'"):
        grad(lambda x, y: y)(value, 1.0)


def test_matrix_and_masked_arrays_are_refused():
    for value in (np.ma.array([1.0, 2.0]), np.array(["a"]), np.array([object()])):
        with pytest.raises(ArgumentError, match="'x'"):
            grad(lambda x: np.sum(x))(value)


def test_result_must_be_a_real_scalar(rng):
    for f in (
        lambda x: x,
        lambda x: (np.sum(x), 1.0),
        lambda x: 3,
        lambda x: np.argmax(x),
        lambda x: None,
    ):
        with pytest.raises(ArgumentError, match="real scalar"):
            grad(f)(rng.normal(size=3))


def test_wrong_calls_are_reported():
    with pytest.raises(ArgumentError, match="missing a required argument"):
        grad(two)(np.ones(2))
    with pytest.raises(ArgumentError, match="unexpected"):
        grad(two)(np.ones(2), np.ones(2), z=1)


def test_constant_function_has_zero_gradient(rng):
    x = rng.normal(size=(2, 3))
    np.testing.assert_array_equal(grad(lambda x: 3.0)(x), np.zeros((2, 3)))
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.sign(x)))(x), np.zeros((2, 3)))


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_results_never_share_memory_with_arguments(target, rng):
    x, y = rng.normal(size=3), rng.normal(size=3)
    value, (dx, dy) = value_and_grad(lambda x, y: np.sum(x * y), argnums=(0, 1), target=target)(
        x, y
    )
    dx *= 0
    dy[:] = 7
    assert np.all(x != 0) and np.all(y != 7)
    a, b = grad(lambda x, y: np.sum(x + y), argnums=(0, 1), target=target)(x, y)
    a += 1
    np.testing.assert_array_equal(b, np.ones(3))


# --- caching ---


def test_specialised_by_shape_dtype_and_static_value(rng):
    f = grad(power_sum)
    for x in (rng.normal(size=3), rng.normal(size=(2, 2)), rng.normal(size=3).astype(np.float32)):
        for n in (2, 3):
            np.testing.assert_allclose(f(x, n), n * x ** (n - 1), rtol=1e-6)
            np.testing.assert_allclose(f(x, n, scale=2.0), 2 * n * x ** (n - 1), rtol=1e-6)
    assert f(np.ones(2), True) == pytest.approx([1.0, 1.0])  # True and 1 are not the same key


def test_transformed_once_for_each_kind(rng, monkeypatch):
    f, count = grad(power_sum), []
    from backprose.transform import pipeline

    original = pipeline.derive
    monkeypatch.setattr(pipeline, "derive", lambda r: count.append(1) or original(r))
    for _ in range(3):
        f(rng.normal(size=3))
    assert len(count) == 1
    f(rng.normal(size=4))
    assert len(count) == 2


def test_a_changed_global_is_noticed(rng, monkeypatch):
    f, x = grad(rated), rng.normal(size=3)
    np.testing.assert_allclose(f(x), 2.0 * TABLE)
    monkeypatch.setattr(sys.modules[__name__], "RATE", 5.0)
    np.testing.assert_allclose(f(x), 5.0 * TABLE)


def test_a_global_array_changed_in_place_is_noticed(rng):
    f, x = grad(weighted), rng.normal(size=3)
    before = f(x)
    try:
        TABLE[1] = 20.0
        np.testing.assert_allclose(f(x), [1.0, 20.0, 3.0])
    finally:
        TABLE[1] = 2.0
    np.testing.assert_allclose(f(x), before)


def test_a_changed_closure_and_a_changed_helper_are_noticed(rng):
    factor = 2.0

    def helper(x):
        return x**2

    def f(x):
        return factor * np.sum(helper(x))

    g, x = grad(f), rng.normal(size=3)
    np.testing.assert_allclose(g(x), 4 * x)
    factor = 3.0
    np.testing.assert_allclose(g(x), 6 * x)

    def helper(x):  # noqa: F811
        return x**3

    np.testing.assert_allclose(g(x), 9 * x**2)


def test_large_global_array(rng):
    big = rng.normal(size=1000)

    def f(x):
        return np.sum(x * big)

    g, x = grad(f), rng.normal(size=1000)
    np.testing.assert_allclose(g(x), big)
    with pytest.raises(ArgumentError, match="big"):
        g.save("never_written.py")


# --- with JAX ---


def test_inside_jit_vmap_and_grad(rng):
    f = grad(power_sum)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(jax.jit(f)(x[0]), 2 * x[0], rtol=1e-6)
    np.testing.assert_allclose(jax.vmap(f)(x), 2 * x, rtol=1e-6)
    hessian = jax.jacfwd(f)(jnp.asarray(x[0]))
    np.testing.assert_allclose(hessian, 2 * np.eye(3), atol=1e-6)
    with jax.enable_x64(True):
        wide = jax.jit(f)(x[0].astype(np.float64))
    assert wide.dtype == np.float64


def test_derivative_of_a_derivative(rng):
    x = rng.normal(size=3)

    def inner(x):
        return np.sum(df(x) ** 2)

    df = grad(lambda x: np.sum(np.sin(x)))
    np.testing.assert_allclose(grad(inner)(x), -2 * np.cos(x) * np.sin(x), rtol=1e-12)
    second = grad(lambda x: np.sum(df(x) * np.arange(3.0)))
    np.testing.assert_allclose(second(x), -np.sin(x) * np.arange(3.0), rtol=1e-12)


def test_eager(rng):
    x = rng.normal(size=3)
    np.testing.assert_allclose(grad(power_sum, jit=False)(x), 2 * x)


def test_64_bits_without_any_flag(rng):
    assert not jax.config.jax_enable_x64
    x = rng.normal(size=3)
    assert grad(lambda x: np.sum(np.exp(x)))(x).dtype == np.float64
    np.testing.assert_allclose(grad(lambda x: np.sum(np.exp(x)))(x), np.exp(x), rtol=1e-14)
    assert not jax.config.jax_enable_x64


# --- source ---


def test_source_before_and_after_a_call(rng):
    f, x = grad(power_sum), rng.normal(size=3)
    with pytest.raises(ArgumentError, match="source_for"):
        _ = f.source
    assert "def power_sum_grad(x, n=2, *, scale=1.0):" in f.source_for(x)
    f(x, 3)
    assert "n == 3" in f.source
    assert "with respect to x" in f.source


def test_repr():
    assert repr(grad(two, argnums="y")) == "<backprose.grad of two with respect to y>"
    assert (
        repr(value_and_grad(two, argnums=(0, 1)))
        == "<backprose.value_and_grad of two with respect to (x, y)>"
    )


def test_primal_is_the_users_function():
    assert grad(two).primal is two


def test_source_is_registered_for_debuggers(rng):
    f = grad(power_sum)
    function = f.derived_for(rng.normal(size=3)).function
    assert inspect.getsource(function).startswith("def power_sum_grad")
    linecache.checkcache()
    assert inspect.getsource(function).startswith("def power_sum_grad")
    try:
        function("not an array")
    except TypeError as error:
        assert "dx = " in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_saved_module_runs_on_its_own(target, rng, tmp_path):
    x = rng.normal(size=3)
    f = value_and_grad(rated, target=target)
    value, gradient = f(x)
    f.save(tmp_path / "saved.py")
    blocked = "backprose" if target == "jax" else "jax"
    code = (
        f"import sys; sys.modules['{blocked}'] = None; sys.modules['backprose'] = None\n"
        "import saved, numpy as np\n"
        f"value, gradient = saved.rated_value_and_grad(np.array({x.tolist()}))\n"
        "print(repr(float(value)), str(gradient.dtype), gradient.tolist())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first, dtype, *rest = result.stdout.split(" ", 2)
    assert float(first) == pytest.approx(value, rel=1e-14)
    assert dtype == "float64"
    np.testing.assert_allclose(eval(rest[0]), gradient, rtol=1e-14)
    assert list(tmp_path.glob(".saved*")) == []


def test_a_saved_module_computes_in_float64_what_numpy_does(tmp_path):
    def shifted(x, n):
        return x[0] * np.sum(n * x)  # int64 and float32: float64 in NumPy

    x, n = np.ones(3, np.float32) / 3, np.array([1, 2**30, 3])
    for count in (n, n.astype(np.int32)):
        f = value_and_grad(shifted)
        value, gradient = f(x, count)
        f.save(tmp_path / "saved.py")
        code = (
            "import saved, numpy as np\n"
            f"n = np.array({count.tolist()}, np.{count.dtype})\n"
            "value, gradient = saved.shifted_value_and_grad(np.ones(3, np.float32) / np.float32(3), n)\n"
            "print(repr(float(value)), gradient.tolist())"
        )
        found = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        first, rest = found.stdout.split(" ", 1)
        assert float(first) == float(value) == pytest.approx(shifted(x, count), rel=1e-15)
        np.testing.assert_array_equal(eval(rest), gradient)


def test_saving_is_all_or_nothing(rng, tmp_path, monkeypatch):
    f = grad(power_sum)
    f(rng.normal(size=3))
    path = tmp_path / "saved.py"
    path.write_text("kept")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        f.save(path)
    assert path.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [path]


def test_output_is_deterministic(rng):
    x = rng.normal(size=3)
    assert grad(rated).source_for(x) == grad(rated).source_for(x)


def test_version():
    assert backprose.__version__


def test_arguments_that_share_memory_are_refused_where_one_is_changed(rng):
    def changing(x, y):
        x[0] = 2.0
        return np.sum(x * y)

    def reading(x, y):
        return np.sum(x * y)

    x = rng.normal(size=3)
    with pytest.raises(ArgumentError, match="shares memory with 'y'"):
        grad(changing)(x, x)
    np.testing.assert_array_equal(grad(changing)(x, x.copy()), [0.0, x[1], x[2]])
    np.testing.assert_array_equal(grad(reading)(x, x), x)
