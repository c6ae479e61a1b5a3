"""Decompositions of matrices, and what is computed from them.

Formulas: M. B. Giles, "An extended collection of matrix derivative results" (2008); J. Townsend, "Differentiating the
singular value decomposition" (2016); S. F. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra
functions" (2010) for QR; G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses" (1973), equation 4.12.

Where eigenvalues or singular values are equal, their vectors are not determined, and what their difference would divide
is taken for 0: a function that does not depend on the choice of the vectors has the right derivative.
"""

import jax.numpy as jnp
import numpy as np

from .asked import computed, is_complex
from .linalg import conj, hermitian, mH, mT, of_lower, real_part
from .registry import adjoint, call, composed, draw, real, tangent


def inverse_gaps(x):
    """`1 / (x_j - x_i)`, and 0 where the two are equal."""
    gaps = x[..., None, :] - x[..., :, None]
    return np.where(gaps == 0, 0, 1 / np.where(gaps == 0, 1, gaps))


# --- eigenvalues of symmetric matrices ---


def _eigh_of_lower(a):
    return jnp.linalg.eigh(jnp.tril(a) + jnp.conj(jnp.tril(a, -1).mT), symmetrize_input=False)


def _eigvalsh_of_lower(a):
    return _eigh_of_lower(a)[0]


HERMITIAN = [call(draw("spd", 3, 3)), call(draw("spd", 2, 3, 3))]


@adjoint(np.linalg.eigh, dtype="float", jax=_eigh_of_lower, samples=HERMITIAN)
def eigh(dy, y, a):
    """Giles (2008), section 3.1. NumPy reads the lower triangle alone."""
    dw, dv = dy
    w, v = y
    inner = 0
    if dv is not None:
        inner = inverse_gaps(w) * (mT(v) @ dv)
    if dw is None:
        return of_lower(conj(v) @ inner @ mT(v))
    if dv is None:
        return of_lower((conj(v) * dw[..., None, :]) @ mT(v))
    return of_lower(
        conj(v) @ (inner + dw[..., None, :] * np.eye(a.shape[-1], dtype=a.dtype)) @ mT(v)
    )


@tangent(np.linalg.eigh)
def eigh_tangent(a_dot, y, a):
    w, v = y
    inner = mH(v) @ hermitian(a_dot) @ v
    return real_part(np.diagonal(inner, axis1=-2, axis2=-1)), v @ (inverse_gaps(w) * inner)


@adjoint(np.linalg.eigvalsh, dtype="float", jax=_eigvalsh_of_lower, samples=HERMITIAN)
def eigvalsh(dy, y, a):
    w, v = np.linalg.eigh(a)
    return of_lower((conj(v) * dy[..., None, :]) @ mT(v))


@tangent(np.linalg.eigvalsh)
def eigvalsh_tangent(a_dot, y, a):
    w, v = np.linalg.eigh(a)
    return real_part(np.sum(conj(v) * (hermitian(a_dot) @ v), axis=-2))


# --- eigenvalues of matrices that are not Hermitian ---


def complex_of(jax_dtype, *dtypes):
    """For functions that JAX gives complex results, where NumPy's are real if no imaginary part is left."""
    return np.result_type(*dtypes, np.complex64)


GENERAL = [
    call(draw("complex", 3, 3)).without_twin(),
    call(draw("complex", 2, 3, 3)).without_twin(),
    call(real(4, 4)).without_twin(),
]


@adjoint(np.linalg.eig, dtype=complex_of, samples=GENERAL)
def eig(dy, y, a):
    """C. Boeddeker and others, "On the computation of complex-valued gradients" (2017), section 4.18.

    LAPACK scales each vector to length one, and its largest entry to a real number: neither changes with `a`.
    """
    dw, dv = dy
    w, v = y
    inner = 0
    if dw is not None:
        inner = dw[..., None, :] * np.eye(a.shape[-1])
    if dv is not None:
        along = np.sum(dv * v, axis=-2, keepdims=True)
        largest = np.abs(v) == np.max(np.abs(v), axis=-2, keepdims=True)
        turned = np.where(largest, 1j * np.imag(along) / v, 0)
        inner = inner + inverse_gaps(w) * (mT(v) @ (dv - conj(v) * np.real(along) - turned))
    return np.linalg.solve(mT(v), inner @ mT(v))


@tangent(np.linalg.eig)
def eig_tangent(a_dot, y, a):
    w, v = y
    inner = np.linalg.solve(v, a_dot @ v)
    moved = v @ (inverse_gaps(w) * inner)
    longer = np.real(np.sum(conj(v) * moved, axis=-2, keepdims=True))
    largest = np.abs(v) == np.max(np.abs(v), axis=-2, keepdims=True)
    turned = np.sum(np.where(largest, np.imag(moved) / v, 0), axis=-2, keepdims=True)
    return np.diagonal(inner, axis1=-2, axis2=-1), moved - v * (longer + 1j * turned)


@composed(np.linalg.eigvals, inline=True, samples=GENERAL)
def eigvals(a):
    """LAPACK may find them in another order where it does not look for vectors: both are found at once."""
    return np.linalg.eig(a)[0]


# --- singular values ---


@adjoint(
    np.linalg.svd,
    dtype="float",
    samples=[
        call(real(3, 3), full_matrices=False),
        call(real(4, 3), full_matrices=False),
        call(real(3, 4), full_matrices=False),
        call(real(2, 4, 3), full_matrices=False),
        call(real(3, 4), compute_uv=False),
    ],
)
def svd(dy, y, a, full_matrices=True, compute_uv=True):
    """Townsend (2016), section 3."""
    if not compute_uv:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return (conj(u) * dy[..., None, :]) @ conj(vh)
    du, ds, dvh = dy
    u, s, vh = y
    if du is None and dvh is None:  # the vectors of the null space, if there are any, do not matter
        k = s.shape[-1]
        u, vh = u if u.shape[-1] == k else u[..., :k], vh if vh.shape[-2] == k else vh[..., :k, :]
        return (conj(u) * ds[..., None, :]) @ conj(vh)
    if full_matrices and a.shape[-1] != a.shape[-2]:
        raise NotImplementedError("np.linalg.svd with the vectors of the null space")
    if is_complex(a):
        raise NotImplementedError("the singular vectors of complex matrices")
    scale, gaps = s[..., None, :], inverse_gaps(s**2)
    total = 0
    if ds is not None:
        total = total + (u * ds[..., None, :]) @ vh
    if du is not None:
        inner = gaps * (mT(u) @ du)
        total = total + u @ ((inner + mT(inner)) * scale) @ vh
        if a.shape[-2] > a.shape[-1]:
            total = total + ((du - u @ (mT(u) @ du)) / scale) @ vh
    if dvh is not None:
        dv, v = mT(dvh), mT(vh)
        inner = gaps * (vh @ dv)
        total = total + (u * scale) @ (inner + mT(inner)) @ vh
        if a.shape[-1] > a.shape[-2]:
            total = total + (u / scale) @ mT(dv - v @ (vh @ dv))
    return total


@tangent(np.linalg.svd)
def svd_tangent(a_dot, y, a, full_matrices=True, compute_uv=True):
    if not compute_uv:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return real_part(np.diagonal(mH(u) @ a_dot @ mH(vh), axis1=-2, axis2=-1))
    if is_complex(a):
        raise NotImplementedError("the singular vectors of complex matrices")
    if full_matrices and a.shape[-1] != a.shape[-2]:
        raise NotImplementedError("np.linalg.svd with the vectors of the null space")
    u, s, vh = y
    inner, gaps = mT(u) @ a_dot @ mT(vh), inverse_gaps(s**2)
    row, column = s[..., None, :], s[..., :, None]
    u_dot = u @ (gaps * (inner * row + column * mT(inner)))
    vh_dot = mT(gaps * (column * inner + mT(inner) * row)) @ vh
    if a.shape[-2] > a.shape[-1]:
        outside = a_dot @ mT(vh)
        u_dot = u_dot + (outside - u @ (mT(u) @ outside)) / row
    if a.shape[-1] > a.shape[-2]:
        outside = mT(u) @ a_dot
        vh_dot = vh_dot + (outside - (outside @ mT(vh)) @ vh) / column
    return u_dot, np.diagonal(inner, axis1=-2, axis2=-1), vh_dot


@composed(np.linalg.svdvals, dtype="float", samples=[call(real(3, 4)), call(real(2, 4, 3))])
def svdvals(x):
    return np.linalg.svd(x, compute_uv=False)


@composed(
    np.linalg.cond,
    dtype="float",
    samples=[
        call(draw("spd", 3, 3)),
        call(draw("spd", 3, 3), p=1),
        call(draw("spd", 3, 3), p="fro"),
    ],
)
def cond(x, p=None):
    if p is None or p == 2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., 0] / s[..., -1]
    return np.linalg.norm(x, ord=p, axis=(-2, -1)) * np.linalg.norm(
        np.linalg.inv(x), ord=p, axis=(-2, -1)
    )


# --- orthogonal bases and pseudo-inverses ---


def both_halves(x):
    """The lower triangle without the diagonal, its mirror image, and the diagonal."""
    lower = np.tril(x, k=-1)
    return lower + mT(lower) + (np.tril(x) - lower)


@adjoint(
    np.linalg.qr, dtype="float", samples=[call(real(3, 3)), call(real(4, 3)), call(real(2, 4, 3))]
)
def qr(dy, y, a, mode="reduced"):
    """Walter, Lehmann (2010), section 4.3; for matrices of full rank with no more columns than rows."""
    if mode != "reduced" or a.shape[-2] < a.shape[-1]:
        raise NotImplementedError("this mode of np.linalg.qr, or more columns than rows")
    dq, dr = dy
    q, r = y
    if dq is None:
        inner, front = r @ mT(dr), 0
    elif dr is None:
        inner, front = -mT(dq) @ q, dq
    else:
        inner, front = r @ mT(dr) - mT(dq) @ q, dq
    return mT(np.linalg.solve(r, mT(front + q @ both_halves(inner))))


@tangent(np.linalg.qr)
def qr_tangent(a_dot, y, a, mode="reduced"):
    if mode != "reduced" or a.shape[-2] < a.shape[-1]:
        raise NotImplementedError("this mode of np.linalg.qr, or more columns than rows")
    q, r = y
    front = mT(np.linalg.solve(mT(r), mT(a_dot)))
    inner = mT(q) @ front
    lower = np.tril(inner, k=-1)
    turn = lower - mT(lower)
    return front + q @ (turn - inner), (inner - turn) @ r


@adjoint(
    np.linalg.pinv,
    dtype="float",
    samples=[call(real(3, 3)), call(real(4, 3)), call(real(3, 4)), call(real(2, 4, 3))],
)
def pinv(dy, y, a):
    """Golub, Pereyra (1973), equation 4.12; for matrices of constant rank."""
    total = -mT(y) @ dy @ mT(y)
    if a.shape[-2] > a.shape[-1]:
        front = mT(dy) @ y @ mH(y)
        total = total + conj(front - a @ (y @ front))
    if a.shape[-1] > a.shape[-2]:
        back = mH(y) @ y @ mT(dy)
        total = total + conj(back - (back @ y) @ a)
    return total


@tangent(np.linalg.pinv)
def pinv_tangent(a_dot, y, a):
    total = -y @ a_dot @ y
    if a.shape[-2] > a.shape[-1]:
        back = y @ mH(y) @ mH(a_dot)
        total = total + back - (back @ a) @ y
    if a.shape[-1] > a.shape[-2]:
        front = mH(a_dot) @ mH(y) @ y
        total = total + front - y @ (a @ front)
    return total


def squares(x):
    return np.abs(x) ** 2 if is_complex(x) else x**2


SYSTEMS = [
    call(real(4, 3), real(4)).without_twin(),
    call(real(4, 3), real(4, 2)).without_twin(),
    call(real(3, 3), real(3)).without_twin(),
]


@composed(
    np.linalg.lstsq,
    inline=True,
    wrt=["a", "b"],
    samples=SYSTEMS,
)
def lstsq(a, b, rcond=None):
    x = np.linalg.pinv(a) @ b
    if a.shape[0] > a.shape[1]:
        rest = np.sum(squares(b - a @ x), axis=0, keepdims=b.ndim == 1)
    else:
        rest = np.zeros((0,), dtype=real_part(a).dtype)
    rank = np.linalg.matrix_rank(a).astype(np.int32)
    return x, rest, rank, np.linalg.svd(a, compute_uv=False)


# --- powers and products ---


@computed
def halvings(n):
    """The bits of a power, the highest first, without that one."""
    return [bit == "1" for bit in bin(n)[3:]]


def power(a, n):
    result = a
    for odd in halvings(n):
        result = result @ result
        if odd:
            result = result @ a
    return result


@composed(
    np.linalg.matrix_power,
    jax=lambda a, n: jnp.linalg.matrix_power(a if n >= 0 else a * 1.0, n),
    dtype=lambda jax_dtype, a: np.dtype(jax_dtype),
    views=lambda n=2, **options: n == 1,
    samples=[call(draw("spd", 3, 3), n) for n in (1, 2, 5, -1, -2)]
    + [call(draw("spd", 2, 3, 3), 3)],
)
def matrix_power(a, n):
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    return power(a, n) if n > 0 else power(np.linalg.inv(a), -n)


@computed
def cheapest(sizes):
    """The order in which a chain of matrices costs the fewest multiplications, as nested pairs of places."""
    found = {(k, k): (0, k) for k in range(len(sizes) - 1)}
    for length in range(1, len(sizes) - 1):
        for first in range(len(sizes) - 1 - length):
            last = first + length
            found[first, last] = min(
                (
                    found[first, k][0]
                    + found[k + 1, last][0]
                    + sizes[first] * sizes[k + 1] * sizes[last + 1],
                    k,
                )
                for k in range(first, last)
            )

    def nested(first, last):
        if first == last:
            return first
        k = found[first, last][1]
        return nested(first, k), nested(k + 1, last)

    return nested(0, len(sizes) - 2)


def product(arrays, order):
    if isinstance(order, int):
        return arrays[order]
    return product(arrays, order[0]) @ product(arrays, order[1])


@composed(
    np.linalg.multi_dot,
    samples=[
        call([real(2, 3), real(3, 4), real(4, 2)]),
        call([real(3), real(3, 4), real(4)]),
        call([real(2, 3), real(3, 2)]),
    ],
)
def multi_dot(arrays):
    rows = [1 if a.ndim == 1 and k == 0 else a.shape[0] for k, a in enumerate(arrays)]
    last = 1 if arrays[-1].ndim == 1 else arrays[-1].shape[1]
    return product(arrays, cheapest([*rows, last]))


@composed(
    np.linalg.tensorsolve,
    dtype="float",
    wrt=["a", "b"],
    samples=[call(real(2, 3, 6), real(2, 3)), call(draw("spd", 4, 4), real(4))],
)
def tensorsolve(a, b):
    shape = a.shape[b.ndim :]
    return np.reshape(np.linalg.solve(np.reshape(a, (b.size, b.size)), np.ravel(b)), shape)


@composed(
    np.linalg.tensorinv, dtype="float", samples=[call(real(2, 3, 6)), call(real(6, 2, 3), ind=1)]
)
def tensorinv(a, ind=2):
    rest = a.shape[ind:] + a.shape[:ind]
    return np.reshape(np.linalg.inv(np.reshape(a, (-1, a.size // np.prod(a.shape[:ind])))), rest)
