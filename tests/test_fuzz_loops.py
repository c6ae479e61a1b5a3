"""Random programs with loops, branches, aliases and changes in place; `make fuzz` runs many more.

FUZZ_EXAMPLES says how many, FUZZ_SEED which ones, FUZZ_WITHOUT (a,b,c) which features stay out.
"""

import os
from collections import Counter

import numpy as np
import pytest
from programs import loop_checks
from programs.loop_checks import Mismatch, Outcome, check_program, check_seed
from programs.loop_programs_random import ALL_FEATURES

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "24"))
FIRST = int(os.environ.get("FUZZ_SEED", "0"))
# What is refused so far (or, for an alias that depends on a branch, has to be where both are read).
REFUSED = frozenset(("conditional_alias",))
FEATURES = ALL_FEATURES - REFUSED - frozenset(os.environ.get("FUZZ_WITHOUT", "").split(","))
SHARDS = 4  # for pytest-xdist
MOST_REFUSED = 0.5  # most of them: arrays that change places on one side of a branch only


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_loop_programs(shard, record_property):
    refusals: Counter[str] = Counter()
    seeds = range(FIRST + shard, FIRST + EXAMPLES, SHARDS)
    for seed in seeds:
        found = check_seed(seed, FEATURES, shrink=False)
        if found.outcome is None:
            said = str(found.error).split("\nimport numpy")[0]
            told = f"seed {seed} (`tests/programs/fuzz.py --seed {seed} --examples 1` makes it smaller)"
            raise AssertionError(f"{told}: {said}\n{found.program!r}") from found.error
        if found.outcome.status == "refused":
            refusals[found.outcome.message] += 1
    share = refusals.total() / max(1, len(seeds))
    record_property("refused", share)
    table = "\n".join(f"{times:4d}  {message}" for message, times in refusals.most_common(10))
    print(f"refused: {share:.1%}\n{table}")
    assert share <= MOST_REFUSED, f"{share:.1%} of the programs are refused:\n{table}"


def drawn(seed, features=ALL_FEATURES):
    return check_seed(seed, features, lambda text, arguments: Outcome("drawn")).program


def test_a_seed_is_a_program():
    texts = [drawn(seed).text for seed in range(20)]
    assert texts == [drawn(seed).text for seed in range(20)]
    assert len(set(texts)) == 20


def test_constructs_occur_unless_they_are_left_out():
    few = frozenset({"for", "if", "items", "augment", "reductions"})
    found = Counter(name for seed in range(100) for name in drawn(seed).used)
    assert all(
        found[name] >= 10 for name in ("nested", "while", "break", "view", "alias", "helper")
    )
    for seed in range(40):
        program = drawn(seed, few)
        used = {"while", "break", "view", "alias", "helper", "where", "parameters"} & program.used
        assert not used and "while" not in program.text, program


def test_a_failing_program_shrinks():
    def check(text, arguments):
        if "while" in text and "[" in text.split("while")[1].split("return")[0]:
            raise Mismatch("as told")
        return Outcome("checked")

    sizes = []
    for seed in range(6):
        found = check_seed(seed, ALL_FEATURES, check)
        if found.error is not None:
            sizes.append(found.program.text.count("\n"))
    assert sizes and np.median(sizes) <= 12


LINE = "import numpy as np\n\n\ndef f(a, b, c):\n    return np.sum(np.sin(a) * b) * c\n"
POINT = (np.array([0.1, -0.4]), np.array([[0.3, 0.7], [-1.1, 0.2]]), np.float64(0.8))


def test_a_right_derivative_passes():
    assert check_program(LINE, POINT) == Outcome("checked")


@pytest.mark.parametrize("wrong", ["value", "gradient", "tangent", "argument"])
def test_a_wrong_derivative_is_found(monkeypatch, wrong):
    right = loop_checks.derive

    def derive(request):
        derived = right(request)

        def function(*arguments):
            value, derivatives = derived.function(*arguments)
            if wrong == "argument":
                arguments[0][0] = 7.0
            if wrong == "value":
                value = value + 1e-6
            if request.mode == "jvp" and wrong == "tangent":
                derivatives = derivatives * 1.0001
            if request.mode != "jvp" and wrong == "gradient":
                derivatives = (*derivatives[:2], derivatives[2] + 1e-3)
            return value, derivatives

        return type("Wrong", (), {"function": staticmethod(function)})

    monkeypatch.setattr(loop_checks, "derive", derive)
    with pytest.raises(Mismatch):
        check_program(LINE, POINT)


def test_differences_know_a_kink():
    text = "import numpy as np\n\n\ndef f(a, b, c):\n    return np.sum(np.abs(a)) + np.sum(b) * c\n"
    arguments = (np.array([0.0, -0.4]), *POINT[1:])
    assert not check_program(text, arguments).smooth
    assert check_program(text, POINT).smooth
