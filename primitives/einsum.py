"""`np.einsum`: the adjoint of an operand is an `einsum` of the others."""

import numpy as np

from .asked import computed
from .registry import call, multilinear, real
from .shapes import place


@computed
def written_out(subscripts, ndims):
    """The inputs and the output of `np.einsum`, with letters in place of an ellipsis and an explicit output."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
    longest = max(
        (n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True) if "..." in t),
        default=0,
    )
    batch = "".join(free[:longest])

    def letters(term, ndim):
        count = ndim - len(term.replace("...", ""))
        return term.replace("...", batch[longest - count :])

    terms = [letters(t, n) for t, n in zip(terms, ndims, strict=True)]
    if not arrow:
        joined = "".join(t for t in inputs.replace("...", "").split(","))
        output = ("..." if "..." in inputs else "") + "".join(
            sorted(c for c in set(joined) if joined.count(c) == 1)
        )
    return terms, output.replace("...", batch)


@computed
def adjoint_subscripts(terms, output, k):
    """For the adjoint of operand k: subscripts of the product, and the letters of its result.

    A letter that stands twice in a term is a diagonal, one that stands nowhere else is summed: those are not free in
    the product and come in afterwards.
    """
    own = "".join(dict.fromkeys(terms[k]))
    others = [output, *(t for j, t in enumerate(terms) if j != k)]
    known = "".join(c for c in own if any(c in t for t in others))
    return ",".join(others if output or len(others) == 1 else others[1:]) + "->" + known, known


@computed
def distinct_axes(term, shape):
    """For an operand with a letter that stands twice: one axis for each letter, and where each axis goes."""
    letters = "".join(dict.fromkeys(term))
    sizes = tuple(shape[term.index(c)] for c in letters)
    spread = [
        tuple(size if d == c else 1 for d in letters) for size, c in zip(shape, term, strict=True)
    ]
    return sizes, spread


@computed
def summed_axes(term, known):
    """The places, among an operand's letters, of those that no other term has."""
    return tuple(j for j, c in enumerate(dict.fromkeys(term)) if c not in known)


def operand_adjoint(dy, operands, terms, output, k):
    subscripts, known = adjoint_subscripts(terms, output, k)
    others = [o for j, o in enumerate(operands) if j != k]
    if output == "" and len(others) > 0:
        found = dy * np.einsum(subscripts, *others)
    else:
        found = np.einsum(subscripts, dy, *others)
    x = operands[k]
    sizes, spread = distinct_axes(terms[k], np.shape(x))
    summed = summed_axes(terms[k], known)
    if len(summed) > 0:
        found = np.broadcast_to(np.expand_dims(found, summed), sizes)
    if len(sizes) == np.ndim(x):
        return found
    index = tuple([np.reshape(np.arange(n), s) for n, s in zip(x.shape, spread, strict=True)])
    return place(found, x.shape, index)


def is_view(subscripts=None, **options):
    """Whether NumPy answers with a view: of one operand whose axes only change places, or become one."""
    terms, _, output = str(subscripts).replace(" ", "").partition("->")
    return "," not in terms and (set(terms) <= set(output) if "->" in str(subscripts) else True)


@multilinear(
    np.einsum,
    views=is_view,
    dtype="array",
    wrt=["operands"],
    samples=[
        call("ij,jk->ik", real(2, 3), real(3, 4)),
        call("ij,jk", real(2, 3), real(3, 4)),
        call("bij,bjk->bik", real(2, 3, 4), real(2, 4, 3)),
        call("ij->ji", real(2, 3)),
        call("ij->i", real(2, 3)),
        call("ii->i", real(3, 3)),
        call("ii", real(3, 3)),
        call("i,i->", real(3), real(3)),
        call("i,j,k->ijk", real(2), real(3), real(2)),
        call("ij,j,i->", real(2, 3), real(3), real(2)),
        call("...ij,...jk->...ik", real(5, 2, 3), real(5, 3, 4)),
        call("...i,i->...", real(2, 4, 3), real(3)),
        call("ij,kl->", real(2, 3), real(2, 2)),
    ],
)
def einsum(dy, y, subscripts, *operands):
    terms, output = written_out(subscripts, [np.ndim(o) for o in operands])
    return (None, *[operand_adjoint(dy, operands, terms, output, k) for k in range(len(operands))])
