"""How far one operation can move a value: a line a primitive, in one table, `RULES`.

To add a rule, add a line: `unary(slope, allowance)` for an elementary function, whose slope is the
largest |f'| over [v - e, v + e]; `moves` for an operation that only moves data; otherwise a
function of the equation, its inputs and the format, as in `rounding_elementwise`,
`rounding_choices`, `rounding_sums` and `rounding_moves`. What rules are made of: `rounding`.
"""

from __future__ import annotations

import jax.numpy as jnp

from backproof.rounding import Allowance, Bounded, Format, Moved, Rule
from backproof.rounding_choices import (
    arg_extremum,
    comparison,
    convert,
    discrete,
    discrete_reduction,
    is_finite,
    select,
    sign,
    step,
)
from backproof.rounding_elementwise import (
    ELEMENTARY,
    acosh_slope,
    arctangent_of_two,
    asin_slope,
    atanh_slope,
    cbrt_slope,
    erf_slope,
    exact_unary,
    extremum,
    integer_pow,
    nearest_zero,
    one_minus_square,
    over,
    power,
    product,
    quotient,
    reduced_precision,
    remainder,
    sigmoid_slope,
    sine_slope,
    sqrt_slope,
    square,
    sum_of_two,
    tan_slope,
    tanh_slope,
    unary,
)
from backproof.rounding_moves import moves, sort, source, top_k
from backproof.rounding_sums import (
    along_axis,
    bilinear,
    convolution_terms,
    cumulative_logsumexp,
    cumulative_sum,
    over_axes,
    product_of_many,
    product_terms,
    reduce_extremum,
    reduce_sum,
    running_extremum,
    scatter_add,
    windowed_extremum,
)

__all__ = [
    "DISCRETE_RULES",
    "ELEMENTARY",
    "RULES",
    "Allowance",
    "Bounded",
    "Format",
    "Moved",
    "unary",
]

_ONLY_MOVE: dict[str, Rule] = dict.fromkeys(
    [
        "broadcast_in_dim",
        "concatenate",
        "copy",
        "copy_p",
        "device_put",
        "dynamic_slice",
        "dynamic_update_slice",
        "expand_dims",
        "gather",
        "name",
        "optimization_barrier",
        "pad",
        "reshape",
        "rev",
        "scatter",
        "sharding_constraint",
        "slice",
        "split",
        "squeeze",
        "stack",
        "stop_gradient",
        "transpose",
    ],
    moves,
)

# Operations with real numbers coming in or going out.
RULES: dict[str, Rule] = {
    # arithmetic
    "add": sum_of_two,
    "add_any": sum_of_two,
    "sub": sum_of_two,
    "mul": product,
    "div": quotient,
    "rem": remainder,
    "square": square,
    "one_minus_square": one_minus_square,
    "integer_pow": integer_pow,
    "pow": power,
    "neg": exact_unary,
    "abs": exact_unary,
    "max": extremum,
    "min": extremum,
    "clamp": extremum,
    "reduce_precision": reduced_precision,
    # elementary functions
    "exp": unary(lambda v, e: jnp.exp(v + e), ELEMENTARY["exp"]),
    "exp2": unary(lambda v, e: jnp.exp2(v + e), ELEMENTARY["exp2"]),
    "expm1": unary(lambda v, e: jnp.exp(v + e), ELEMENTARY["expm1"]),
    "log": unary(lambda v, e: over(1.0, v - e), ELEMENTARY["log"]),
    "log1p": unary(lambda v, e: over(1.0, (1.0 + v) - e), ELEMENTARY["log1p"]),
    "sqrt": unary(sqrt_slope, ELEMENTARY["sqrt"]),
    "rsqrt": unary(lambda v, e: over(0.5, jnp.maximum(v - e, 0.0) ** 1.5), ELEMENTARY["rsqrt"]),
    "cbrt": unary(cbrt_slope, ELEMENTARY["cbrt"]),
    "sin": unary(sine_slope, ELEMENTARY["sin"]),
    "cos": unary(sine_slope, ELEMENTARY["cos"]),
    "tan": unary(tan_slope, ELEMENTARY["tan"]),
    "asin": unary(asin_slope, ELEMENTARY["asin"]),
    "acos": unary(asin_slope, ELEMENTARY["acos"]),
    "atan": unary(lambda v, e: 1.0 / (1.0 + nearest_zero(v, e) ** 2), ELEMENTARY["atan"]),
    "atan2": arctangent_of_two,
    "sinh": unary(lambda v, e: jnp.cosh(jnp.abs(v) + e), ELEMENTARY["sinh"]),
    "cosh": unary(lambda v, e: jnp.sinh(jnp.abs(v) + e), ELEMENTARY["cosh"]),
    "asinh": unary(lambda v, e: 1.0 / jnp.hypot(1.0, nearest_zero(v, e)), ELEMENTARY["asinh"]),
    "acosh": unary(acosh_slope, ELEMENTARY["acosh"]),
    "atanh": unary(atanh_slope, ELEMENTARY["atanh"]),
    "tanh": unary(tanh_slope, ELEMENTARY["tanh"]),
    "logistic": unary(sigmoid_slope, ELEMENTARY["logistic"]),
    "erf": unary(erf_slope, ELEMENTARY["erf"]),
    "erfc": unary(erf_slope, ELEMENTARY["erfc"]),
    # steps, comparisons and choices
    "floor": step,
    "ceil": step,
    "round": step,
    "sign": sign,
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "lt_to", "le_to", "eq_to"), comparison),
    "is_finite": is_finite,
    "select_n": select,
    "convert_element_type": convert,
    "argmax": arg_extremum,
    "argmin": arg_extremum,
    "sort": sort,
    "top_k": top_k,
    # sums, products and extrema of many
    "reduce_sum": reduce_sum,
    "reduce_window_sum": cumulative_sum,
    "cumsum": cumulative_sum,
    "cumlogsumexp": cumulative_logsumexp,
    "scatter_add": scatter_add,
    "scatter-add": scatter_add,
    "reduce_prod": product_of_many(over_axes),
    "cumprod": product_of_many(along_axis),
    "reduce_max": reduce_extremum,
    "reduce_min": reduce_extremum,
    "cummax": running_extremum,
    "cummin": running_extremum,
    "reduce_window_max": windowed_extremum,
    "reduce_window_min": windowed_extremum,
    "dot_general": bilinear(product_terms),
    "conv_general_dilated": bilinear(convolution_terms),
    # moves
    "iota": source,
    "bitcast_convert_type": source,
    **_ONLY_MOVE,
}

# Operations on booleans and integers alone, where one of them is unsure; any other operation is
# then unsure throughout.
DISCRETE_RULES: dict[str, Rule] = {
    "select_n": select,
    "convert_element_type": convert,
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not"), discrete),
    **dict.fromkeys(("add", "sub", "mul", "div", "rem", "neg", "abs", "sign"), discrete),
    **dict.fromkeys(("max", "min", "clamp", "integer_pow", "square"), discrete),
    **dict.fromkeys(("reduce_and", "reduce_or", "reduce_xor", "reduce_sum"), discrete_reduction),
    **dict.fromkeys(("reduce_max", "reduce_min", "reduce_prod"), discrete_reduction),
    **dict.fromkeys(("argmax", "argmin"), discrete_reduction),
    **_ONLY_MOVE,
}
