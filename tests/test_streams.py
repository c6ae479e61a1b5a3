"""Compiled loops that go through arrays: what streams, what is carried, what is held apart, and what stays as it is."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from programs.loop_checks import check_program
from programs.three_arguments import POINT, program, text_of

STREAMED = {
    "backwards": ["for i in range(5, -1, -1):", "    a[i] = np.sin(a[i + 1]) * a[i]"],
    "two steps at a time": ["for i in range(2, 7, 2):", "    a[i] = c * a[i - 2] + a[i]"],
    "three steps back": ["for i in range(3, -1, -3):", "    a[i] *= a[i + 3]"],
    "from the other end": ["for i in range(6):", "    a[5 - i] = a[6 - i] * np.cos(a[5 - i])"],
    "a wide window": ["for i in range(2, 5):", "    a[i] = a[i - 2] * a[i + 2] + c * a[i - 1]"],
    "ahead": ["for i in range(6):", "    a[i + 1] += c * a[i]", "    a[i] = np.sin(a[i])"],
    "far ahead": ["for i in range(4):", "    a[i + 3] *= a[i] + a[i + 1]"],
    "one iteration": ["for i in range(3, 4):", "    a[i - 1] = a[i] * a[i + 1] * c"],
    "columns": ["for j in range(1, 5):", "    b[:, j] = np.tanh(b[:, j - 1]) + b[:, j] * c"],
    "rows and elements": [
        "for i in range(1, 6):",
        "    for j in range(3, -1, -1):",
        "        b[i, j] = np.sin(b[i, j + 1]) * b[i - 1, j] + c * b[i, j]",
    ],
    "columns first": [
        "for j in range(1, 5):",
        "    for i in range(1, 6):",
        "        b[i, j] += c * b[i - 1, j] * b[i, j - 1]",
    ],
    "a condition": [
        "for i in range(1, 7):",
        "    if a[i] > 0:",
        "        a[i] = a[i - 1] * c",
        "    elif a[i - 1] > 0:",
        "        a[i - 1] = np.sin(a[i])",
    ],
    "parts of rows": [
        "for i in range(5):",
        "    b[i + 1, 1:] += b[i, :-1] * c",
        "    b[i, 0] *= 2",
    ],
    "a row is a number": ["for i in range(5):", "    b[i + 1] *= b[i]", "    b[i] = c"],
}

OTHERS = {
    "from the end": ["for i in range(6):", "    a[i] = np.sin(a[i - 1]) + a[i]"],
    "all of it": ["for i in range(1, 5):", "    a[i] = np.sum(a) * c"],
    "both names": ["d = a.copy()", "for i in range(6):", "    a[i] = d[i + 1]", "    a, d = d, a"],
    "a row apart": [
        "for i in range(1, 6):",
        "    for j in range(i):",
        "        if j < 5:",
        "            b[i, j] = b[i, j] - b[i, :j] @ b[j, :j] * c",
    ],
    "an element apart": [
        "for i in range(3):",
        "    for j in range(i + 1, 5):",
        "        b[i, 0] += np.sin(b[i + 1, j]) * c",
    ],
    "one element for all": ["for i in range(1, 7):", "    a[0] += np.sin(a[i]) * c"],
    "none of them": ["for i in range(3, 3):", "    a[i] = a[i - 1] * c"],
    "places here and there": [
        "for i in range(5):",
        "    a[i * 3 % 4] = a[i + 1] * a[i * 2 % 5] * c",
    ],
    "a search": [
        "i = 1",
        "while i < 6 and a[i] * c < 9.0:",
        "    a[i] = np.sin(a[i - 1]) * c",
        "    i += 1",
    ],
    "diagonals": ["for i in range(1, 5):", "    b[i, i] = b[i - 1, i] * c + np.sin(b[i, i - 1])"],
}


@pytest.mark.parametrize("lines", [*STREAMED.values(), *OTHERS.values()], ids=[*STREAMED, *OTHERS])
def test_values_and_derivatives(lines):
    outcome = check_program(program(*lines), POINT)
    assert outcome.status == "checked" and outcome.smooth


@pytest.mark.parametrize("lines", STREAMED.values(), ids=STREAMED)
def test_what_goes_with_the_loop_is_not_read_by_index(lines, tmp_path):
    text = text_of(lines, tmp_path)
    code = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert "lax.scan(" in code and "[i" not in code


OFFSETS = st.integers(-2, 2)


@st.composite
def sweeps(draw):
    """A loop over an array in which every index is the loop variable, or what it leaves to the end, and an offset."""
    step = draw(st.sampled_from([1, 1, 2, -1, -2, 3]))
    first, last = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    bounds = (first, last + 1, step) if step > 0 else (last, first - 1, step)
    place = draw(st.sampled_from(["i", "6 - i"]))

    def index():
        return f"{place} + {draw(OFFSETS)}"

    lines = [f"for i in range{bounds}:"]
    for _ in range(draw(st.integers(1, 3))):
        target, one, two = (index() for _ in range(3))
        value = draw(st.sampled_from([f"np.sin(a[{one}]) * a[{two}]", f"c * a[{one}]", "c"]))
        sign = draw(st.sampled_from(["=", "+="]))
        guard = draw(st.sampled_from(["", f"if a[{index()}] > 0.1: "]))
        lines.append(f"    {guard}a[{target}] {sign} {value}")
    return lines


@given(sweeps())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_any_window(lines):
    assert check_program(program(*lines), POINT).status == "checked"
