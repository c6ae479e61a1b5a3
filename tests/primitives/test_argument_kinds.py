"""Functions of the catalogue at arguments of every kind: one of 96 samples; `make kinds` takes all of them."""

from collections import Counter

import pytest
from programs.argument_kinds import KINDS, KNOWN, run

SHARE = 96


@pytest.mark.parametrize("kind", KINDS)
def test_right_or_refused(kind):
    counts, wrong = Counter(), []
    for name, _, target, verdict, why in run((kind,), share=(5, SHARE)):
        counts[verdict] += 1
        if verdict not in ("right", "refused") and (name, kind) not in KNOWN:
            wrong.append(f"{verdict} {target} {name}: {why}")
    assert not wrong
    assert counts["right"] > 2
