"""What is refused: each message has the place, the line, a caret under the part that is meant, and a remedy."""

# fmt: off
import numpy as np
import pytest
import scipy.special

from backprose import BackproseError, ProgramError, RefusedError, SourceError, grad

COUNTER = 0
TABLE = np.zeros(3)
MATRIX = np.ma.array([1.0, 2.0])


def attribute_assignment(x):
    x.flags = 1  # «x.flags»
    return np.sum(x)


def delete(x):
    y = x * 2
    del x  # «del x»
    return np.sum(y)


def try_except(x):
    try:  # «try:»
        y = 1 / x
    except ZeroDivisionError:
        y = x
    return np.sum(y)


def with_block(x):
    with np.errstate(all="ignore"):  # «with np.errstate(all="ignore"):»
        y = 1 / x
    return np.sum(y)


def yielding(x):
    yield np.sum(x)  # «yield np.sum(x)»


def global_statement(x):
    global COUNTER  # «global COUNTER»
    COUNTER = 1
    return np.sum(x)


def nonlocal_statement(x):
    k = 1

    def inner():
        nonlocal k  # «nonlocal k»
        k = 2

    return np.sum(x) * k


def class_inside(x):
    class Box:  # «class Box:»
        pass

    return np.sum(x)


def match_statement(x):
    match x.ndim:  # «match x.ndim:»
        case 1:
            return np.sum(x)


def walrus(x):
    return (y := np.sum(x)) * y  # «y := np.sum(x)»


def generator(x):
    return sum(v for v in (x[0], x[1]))  # «v for v in (x[0], x[1])»


def set_display(x):
    return np.sum(x) * len({1, 2})  # «{1, 2}»


def dict_comprehension(x):
    d = {k: x for k in (1, 2)}  # «{k: x for k in (1, 2)}»
    return np.sum(d[1])


def f_string(x):
    name = f"{x.shape}"  # «f"{x.shape}"»
    return np.sum(x) * len(name)


def printing(x):
    y = print(x)  # «print(x)»
    return np.sum(x)


def inner_decorator(x):
    @staticmethod  # «@staticmethod»
    def f(u):
        return u

    return np.sum(f(x))


def value_dependent_assert(x):
    assert np.all(x > 0)  # «assert np.all(x > 0)»
    return np.sum(x)


def value_dependent_slices(x):
    k = np.argmax(x)
    return np.sum(x[:k] * x[k:])  # «x[:k] * x[k:]»


def two_masks(x):
    return np.sum(x[x > 0] * x[x < 1])  # «x[x > 0] * x[x < 1]»


def step_of_a_part(x):
    s = 0.0
    for i in range(3):
        s += np.sum(x[:i:2])  # «x[:i:2]»
    return s


def place_of_the_selected(x):
    return x[x > 0][0]  # «x[x > 0][0]»


def length_that_changes(x):
    v = x[:1]
    for i in range(1, 3):
        v = x[:i]
    return np.sum(v)  # «np.sum(v)»


def unknown_keyword(x):
    return np.quantile(x, 0.3, method="lower")  # «np.quantile(x, 0.3, method="lower")»


def computed_axis(x):
    return np.sum(np.sum(x, axis=np.argmax(x)))  # «np.sum(x, axis=np.argmax(x))»


def no_counterpart(x):
    return np.sum(np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)))  # «np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8))»


def random_numbers(x):
    return np.sum(x * np.random.normal(size=3))  # «np.random.normal(size=3)»


def int_of_array(x):
    return np.sum(x) * int(x[0])  # «int(x[0])»


def in_array(x):
    return np.sum(x) if 1.0 in x else 0.0  # «1.0 in x»


def unsupported_method(x):
    return np.sum(np.array(x.tolist()))  # «x.tolist»


def open_file(x):
    return np.sum(x) * len(open("f").read())  # «open("f")»


def endless(x):
    return endless(x) + 1  # «endless(x)»


def changes_its_argument(x):
    y = np.zeros(3)
    np.place(y, x > 0, x)  # «np.place(y, x > 0, x)»
    return np.sum(y)


def of_unknown_length(x):
    return np.sum(np.unique(x))  # «np.unique(x)»


def without_counterpart(x):
    return np.sum(scipy.special.struve(1, x))  # «scipy.special.struve(1, x)»


def value_dependent_dtype(x):
    return np.sum(np.real_if_close(x + 0j))  # «np.real_if_close(x + 0j)»


def list_times_list(x):
    return np.sum(x) * len([x] * [x])  # «[x] * [x]»


def changed_through_an_unknown_function(x):
    y = x * 2
    z = np.rollaxis(y[None], 1)
    y += 1
    return np.sum(z)  # «np.sum(z)»


def named_on_one_branch(x):
    if x[0] > 0:
        y = x * 2
    return np.sum(y)  # «np.sum(y)»


def read_after_a_loop_that_may_not_run(x):
    n = np.argmax(x)
    for i in range(n):
        y = x[i]
    return y * 2  # «y * 2»


def returns_on_one_path(x):
    if x[0] > 0:  # «x[0] > 0»
        return np.sum(x)


def growing_array(x):
    y = x
    for i in range(3):
        y = np.concatenate([y, x])  # «[y, x]»
    return np.sum(y)


def shape_of_one_branch(x):
    if x[0] > 0:
        y = x[1:]
    else:
        y = x
    return np.sum(y)  # «np.sum(y)»


def one_of_two_changed(x):
    a, b = x * 2, x * 3
    y = a if x[0] > 1.5 else b
    y[0] = 1.0
    return np.sum(a)  # «np.sum(a)»


def swapped_and_kept(x):
    u, v = x * 1, x * 2
    first, t = u, x[0]
    while t < 3:
        v[0] = u[1] * 2
        u, v = v, u
        t = t + 1
    return np.sum(first)  # «np.sum(first)»


def reshaped_argument(x):
    y = (x[:, None] * x).T.reshape(9)
    z = x[:, None] * x
    flat = z.T.reshape(9)
    flat[0] = 1.0
    return np.sum(z) + np.sum(y)  # «np.sum(z)»


def list_in_a_while_loop(x):
    parts, err = [], 1.0
    while err > 0.1 * x[0]:  # «err > 0.1 * x[0]»
        parts.append(err)
        err = err / 2
    return np.sum(np.array(parts)) * x[0]


def list_read_while_filled(x):
    parts = [x[0], x[1]]
    for i in range(3):
        parts.append(parts[-2] * x[i])  # «parts[-2]»
    return np.sum(np.array(parts))


def list_on_one_branch(x):
    parts = []
    if x[0] > 1:
        parts.append(x[1])
    return np.sum(np.array(parts))  # «np.array(parts)»


def value_dependent_raise(x):
    if x[0] < 0:
        raise ValueError("negative")  # «raise ValueError("negative")»
    return np.sum(x)


def changed_global(x):
    TABLE[0] = x[0]  # «TABLE[0]»
    return np.sum(TABLE)


def mask_with_values(x):
    y = x * 2
    y[y > 2.5] = x[:2]  # «y[y > 2.5]»
    return np.sum(y)


def step_of_a_range(x):
    s = 0.0
    for i in range(0, 3, np.argmax(x) + 1):  # «range(0, 3, np.argmax(x) + 1)»
        s += x[i]
    return s


def generator_in_a_loop(x):
    s = 0.0
    for v in (u * 2 for u in x):  # «u * 2 for u in x»
        s += v
    return s


def deleted_in_a_loop(x):
    s = 0.0
    for i in range(3):
        t = x[i]
        s += t
        del t  # «del t»
    return s


def try_in_a_loop(x):
    s = 0.0
    for i in range(3):
        try:  # «try:»
            s += x[i]
        except IndexError:
            break
    return s


def attribute_in_a_loop(x):
    for i in range(3):
        x.shape = (3, 1)  # «x.shape»
    return np.sum(x)


def container_at_a_computed_place(x):
    parts = [x, x[:2]]
    return np.sum(parts[np.argmax(x)])  # «parts[np.argmax(x)]»


REFUSED = [
    attribute_assignment, delete, try_except, with_block, yielding, global_statement, nonlocal_statement, class_inside, match_statement, walrus, generator, set_display, dict_comprehension, f_string, printing, inner_decorator, value_dependent_assert, value_dependent_slices, two_masks, step_of_a_part, place_of_the_selected, length_that_changes, unknown_keyword, computed_axis, no_counterpart, random_numbers, int_of_array, in_array, unsupported_method, open_file, endless, changes_its_argument, of_unknown_length, without_counterpart, value_dependent_dtype, list_times_list, changed_through_an_unknown_function, named_on_one_branch, read_after_a_loop_that_may_not_run, returns_on_one_path, growing_array, shape_of_one_branch, one_of_two_changed, swapped_and_kept, reshaped_argument, list_in_a_while_loop, list_read_while_filled, list_on_one_branch, value_dependent_raise, changed_global, mask_with_values, step_of_a_range, generator_in_a_loop, deleted_in_a_loop, try_in_a_loop, attribute_in_a_loop, container_at_a_computed_place,
]  # fmt: skip


def place_of(function):
    """Line number, column (from 1) and text that the « » in a comment of the function mark."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    for k, line in enumerate(lines):
        if "«" in line:
            meant = line.split("«")[1].split("»")[0]
            return first + k, line.index(meant.splitlines()[0]) + 1, meant
    raise AssertionError("no mark")


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refused_with_place_and_remedy(function, rng):
    line, column, meant = place_of(function)
    with pytest.raises(RefusedError) as caught:
        grad(function)(rng.uniform(1, 2, size=3))
    error = caught.value
    assert error.span is not None and error.span.file == __file__
    assert (error.span.line, error.span.column + 1) == (line, column)
    shown = str(error).splitlines()
    assert shown[1].strip().endswith(f"{__file__}:{line}:{column}")
    caret = shown[3]
    under = shown[2][caret.index("^") : caret.rindex("^") + 1]
    assert under and meant.startswith(under[: len(meant)])
    assert error.remedy, "a refusal says what to write instead"


def shapes_do_not_fit(x):
    return np.sum(x + np.ones(5))  # «x + np.ones(5)»


def index_out_of_range(x):
    return x[7]  # «x[7]»


def undefined_name(x):
    return np.sum(x) * nowhere  # noqa: F821


def unbound_local(x):
    if x.ndim == 5:
        y = x
    return np.sum(y)


def missing_argument(x):
    def inner(a, b):
        return a + b

    return np.sum(inner(x))  # «inner(x)»


def false_assertion(x):
    assert x.shape[0] == 99, "ninety-nine"  # «assert x.shape[0] == 99, "ninety-nine"»
    return np.sum(x)


def raising(x):
    if x.ndim == 1:
        raise ValueError(f"bad {x.shape}")  # «raise ValueError(f"bad {x.shape}")»
    return np.sum(x)


def unpacking_mismatch(x):
    a, b = x  # «a, b»
    return a * b


def integer_division_by_zero(x):
    return np.sum(x) * (1 // (x.shape[0] - 3))  # «1 // (x.shape[0] - 3)»


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (shapes_do_not_fit, "broadcast"),
        (index_out_of_range, "out of bounds"),
        (undefined_name, "'nowhere' is not defined"),
        (unbound_local, "'y' has no value"),
        (missing_argument, "missing argument 'b'"),
        (false_assertion, "ninety-nine"),
        (raising, "raises ValueError"),
        (unpacking_mismatch, "3 values cannot be unpacked into 2"),
        (integer_division_by_zero, "ZeroDivisionError"),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_a_wrong_program_is_reported_at_its_place(function, words, rng):
    with pytest.raises(ProgramError, match=words) as caught:
        grad(function)(rng.uniform(1, 2, size=3))
    assert caught.value.span is not None
    if "«" in "".join(__import__("inspect").getsourcelines(function)[0]):
        line, column, _ = place_of(function)
        assert (caught.value.span.line, caught.value.span.column + 1) == (line, column)


def test_nothing_of_a_refused_function_runs_or_is_kept(rng):
    with pytest.raises(RefusedError):
        grad(global_statement)(rng.normal(size=3))
    assert COUNTER == 0


def test_a_global_masked_array_is_refused(rng):
    with pytest.raises(RefusedError, match="MaskedArray"):
        grad(lambda x: np.sum(MATRIX * x))(rng.normal(size=2))


def test_no_source():
    namespace = {"np": np}
    exec("def f(x):\n    return np.sum(x)\n", namespace)
    with pytest.raises(SourceError, match="cannot read the source of f") as caught:
        grad(namespace["f"])(np.ones(2))
    assert "linecache" in str(caught.value)


def test_a_function_typed_at_the_prompt_is_found_in_its_history(monkeypatch, rng):
    import types

    history = ["import numpy as np", "def f(x):", "    return np.sum(x)", "", "def f(x):", "    y = x * 2",
               "    return np.sum(y * x)", "", "f", "grad(f)(x)"]  # fmt: skip
    fake = types.SimpleNamespace(
        get_current_history_length=lambda: len(history), get_history_item=lambda k: history[k - 1]
    )
    monkeypatch.setitem(__import__("sys").modules, "readline", fake)
    namespace = {"np": np}
    exec(compile("\n".join(history[4:8]), "<stdin>", "exec"), namespace)
    x = rng.normal(size=3)
    np.testing.assert_allclose(grad(namespace["f"])(x), 4 * x)
    history[6] = "    return np.sum(y + x)"  # not what was compiled
    exec(compile("def f(x):\n    y = x * 2\n    return np.sum(y * x * x)\n", "<stdin>", "exec"), namespace)
    with pytest.raises(SourceError):
        grad(namespace["f"])(x)


def test_stale_source(tmp_path, monkeypatch):
    import importlib
    import linecache

    path = tmp_path / "edited_module.py"
    path.write_text("import numpy as np\n\n\ndef f(x):\n    return np.sum(x) * 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("edited_module")
    path.write_text("import numpy as np\n\n\ndef f(x):\n    return np.sum(x) * 30\n")
    linecache.checkcache()
    with pytest.raises(SourceError, match="has changed"):
        grad(module.f)(np.ones(2))


def test_every_error_has_one_base():
    for error in (RefusedError, ProgramError, SourceError):
        assert issubclass(error, BackproseError)
