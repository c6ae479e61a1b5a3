"""Functions of `jax.nn`, and the operators of `jax.lax` that are NumPy's under another name."""

import math

import jax
import numpy as np
from scipy.special import erf, expit, log_softmax, logsumexp, softmax

from .registry import alias, call, composed, draw, real, scaled

REAL = "real"
SHAPES = [call(real(3, 4)), call(real())]


@composed(jax.nn.sigmoid, samples=SHAPES)
def sigmoid(x):
    return expit(x)


def relu_of_numpy(x):
    return np.maximum(x, 0)


@scaled(jax.nn.relu, numpy=relu_of_numpy, dtype="promote", domain="nonzero")
def relu(d, y, x):
    """At 0 the derivative is 0."""
    return np.where(x > 0, d, 0)


def relu6_of_numpy(x):
    return np.minimum(np.maximum(x, 0), 6)


@scaled(jax.nn.relu6, numpy=relu6_of_numpy, dtype="promote", domain="nonzero")
def relu6(d, y, x):
    return np.where((x > 0) & (x < 6), d, 0)


def leaky_relu_of_numpy(x, negative_slope=0.01):
    return np.where(x >= 0, x, negative_slope * x)


@scaled(
    jax.nn.leaky_relu,
    numpy=leaky_relu_of_numpy,
    dtype="promote",
    wrt=["x"],
    samples=[call(draw("nonzero", 3, 4)), call(draw("nonzero", 4), negative_slope=0.2)],
)
def leaky_relu(d, y, x, negative_slope=0.01):
    return np.where(x >= 0, d, negative_slope * d)


def elu_of_numpy(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@scaled(
    jax.nn.elu,
    numpy=elu_of_numpy,
    dtype="promote",
    wrt=["x"],
    samples=[call(draw("nonzero", 3, 4)), call(draw("nonzero", 4), alpha=0.5)],
)
def elu(d, y, x, alpha=1.0):
    return np.where(x > 0, d, d * (y + alpha))


def celu_of_numpy(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


@scaled(
    jax.nn.celu,
    numpy=celu_of_numpy,
    dtype="promote",
    wrt=["x"],
    samples=[call(draw("nonzero", 3, 4)), call(draw("nonzero", 4), alpha=0.5)],
)
def celu(d, y, x, alpha=1.0):
    return np.where(x > 0, d, d * (y / alpha + 1))


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def selu_of_numpy(x):
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


@scaled(jax.nn.selu, numpy=selu_of_numpy, dtype="promote", domain="nonzero")
def selu(d, y, x):
    """G. Klambauer et al., "Self-normalizing neural networks" (2017)."""
    return np.where(x > 0, SELU_SCALE * d, d * (y + SELU_SCALE * SELU_ALPHA))


@composed(jax.nn.softplus, samples=SHAPES)
def softplus(x):
    return np.logaddexp(x, 0)


@composed(jax.nn.silu, samples=SHAPES)
def silu(x):
    return x * expit(x)


@composed(jax.nn.log_sigmoid, samples=SHAPES)
def log_sigmoid(x):
    return -np.logaddexp(0, -x)


@composed(jax.nn.gelu, samples=[*SHAPES, call(real(3, 4), approximate=False)])
def gelu(x, approximate=True):
    """D. Hendrycks, K. Gimpel, "Gaussian error linear units" (2016)."""
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


@composed(jax.nn.mish, samples=SHAPES)
def mish(x):
    return x * np.tanh(np.logaddexp(x, 0))


@composed(jax.nn.soft_sign, samples=SHAPES)
def soft_sign(x):
    return x / (1 + np.abs(x))


@composed(jax.nn.squareplus, samples=[*SHAPES, call(real(4), b=2.0)])
def squareplus(x, b=4):
    return (x + np.sqrt(x**2 + b)) / 2


@composed(jax.nn.hard_tanh, samples=SHAPES)
def hard_tanh(x):
    return np.where(x > 1, 1, np.where(x < -1, -1, x))


@composed(jax.nn.hard_sigmoid, samples=SHAPES)
def hard_sigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


@composed(jax.nn.hard_silu, samples=SHAPES)
def hard_silu(x):
    return x * (np.clip(x + 3, 0, 6) / 6)


@composed(jax.nn.glu, samples=[call(real(3, 4)), call(real(4, 3), axis=0)])
def glu(x, axis=-1):
    one, other = np.split(x, 2, axis=axis)
    return one * expit(other)


@composed(jax.nn.softmax, samples=[call(real(3, 4)), call(real(3, 4), axis=0)])
def softmax_(x, axis=-1):
    return softmax(x, axis=axis)


@composed(jax.nn.log_softmax, samples=[call(real(3, 4)), call(real(3, 4), axis=0)])
def log_softmax_(x, axis=-1):
    return log_softmax(x, axis=axis)


@composed(
    jax.nn.logsumexp,
    samples=[call(real(3, 4)), call(real(3, 4), axis=0), call(real(3, 4), axis=1, keepdims=True)],
)
def logsumexp_(a, axis=None, keepdims=False):
    return logsumexp(a, axis=axis, keepdims=keepdims)


@composed(
    jax.nn.standardize,
    samples=[call(real(3, 4)), call(real(3, 4), axis=0), call(real(3, 4), epsilon=1e-3)],
)
def standardize(x, axis=-1, epsilon=1e-5):
    mean = np.mean(x, axis=axis, keepdims=True)
    variance = np.mean(np.square(x), axis=axis, keepdims=True) - np.square(mean)
    return (x - mean) / np.sqrt(variance + epsilon)


@composed(jax.lax.rsqrt, samples=[call(draw("positive", 3))])
def rsqrt(x):
    return 1 / np.sqrt(x)


@composed(jax.lax.div, wrt=["x", "y"], samples=[call(real(3), draw("nonzero", 3))])
def div(x, y):
    return x / y  # of integers it is rounded, and has no derivative


for _lax, _numpy in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "neg": np.negative,
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "square": np.square,
    "reciprocal": np.reciprocal,
    "max": np.maximum,
    "min": np.minimum,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "logistic": expit,
}.items():
    alias(getattr(jax.lax, _lax), _numpy)
