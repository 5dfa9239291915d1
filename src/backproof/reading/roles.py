"""What the parameters of people's functions stand for beside the tensors: sizes, rates, inputs.

English and Portuguese, as people write them.
"""

from __future__ import annotations

import builtins
import re
from functools import lru_cache

from backproof.reading.names import X, Y, gradient, parameter

_WORD_X = re.compile(
    r"(?:\w+_)?(?:x|inputs?|features?|samples?|examples|patterns|points|images|data|entradas?"
    r"|datos|dados|muestras|amostras)(?:_\w+)?"
)
_WORD_Y = re.compile(
    r"(?:\w+_)?(?:y|t|outputs?|targets?|labels?|expected\w*|desired\w*|answers?|truth|classes"
    r"|one_hot\w*|onehot\w*|ground_truth|etiquetas?|rotulos?|esperad\w*)(?:_\w+)?"
)
_SIZE = r"tamanh?o_(?:d[ae]_)?(?:capa_|camada_)?(?:d[ae]_)?"
_RATES = (  # in other languages
    r"tasa\w*|taux\w*|lern_?rate|tasso\w*|laju\w*|ogrenme_?(?:orani|hizi|katsayisi)"
    r"|(?:szybkosc|wspolczynnik|tempo)_?uczenia|skorost\w*"
)
_TURNS = (
    r"itera(?:ciones|sies|zioni|cje|si|tionen)|iterasyon\w*|epo(?:ki?|che|chen|ques|kler)|epok\w*"
    r"|(?:liczba|jumlah|num|nb|numero|n)_?(?:de_)?(?:itera\w+|epo\w+)|devir\w*|pasos|vueltas"
)
_LAMBDA = r"(?:lambda|lambd|lamda|lamb|lam|lmbda|lmbd)"
_ROLES = {
    "rate": r"(?:(?:init(?:ial)?|base|start)_?)?(?:(?:learning_?|learn_?)?rate|lr|alpha|eta)"
    r"|taxa(?:_\w+)?|step|step_?size|l_?rate"
    rf"|learning|alfa|passo|{_RATES}",
    "steps": r"(?:n|num|max|nb|no|number)?_?(?:of_)?_?(?:train(?:ing)?_?)?"
    r"(?:iters?|iterations?|epochs?|epocas?|steps?|iteracoes"
    r"|its|ep|passes|rounds)(?:_?num|_?count)?|max_?n_?(?:steps|iters?)"
    rf"|{_TURNS}",
    "n": r"m|n|n_?samples|num_?examples|n_?examples|num_?samples|batch(?:_?size)?"
    r"|minibatch_?size|bs",
    "d": r"n_?x|nx|input_?(?:size|dim|nodes|layer_?size|neurons|units)|n_?inputs?|n_?features"
    r"|num_?features|in_?features|dim|input_?layer_?neurons|inputs?_?num|in_?dim|d_?in|inodes|features"
    r"|n_?in"
    rf"|nn_?input_?dim|input_?count|{_SIZE}entrada",
    "h": r"n_?h_?\d?|hidden_?\d?_?(?:size|dim|nodes|layer_?size|neurons|units|num)_?\d?"
    r"|n_?hidden_?\d?|num_?hidden|hidden_?layer_?(?:neurons|nodes)|hidden|nodes|h_?dim|hnodes|units|neurons|n_?neurons"
    rf"|h|nn_?hdim|n_?hid|hidden_?count|n_?units|{_SIZE}(?:oculta|escondida)",
    "k": r"n_?y|ny|output_?(?:size|dim|nodes|layer_?size|neurons|units|num)|n_?outputs?"
    r"|num_?(?:labels|classes|outputs)|n_?classes|classes|class_?(?:num|count)|num_?class|n_?class|output_?layer_?neurons|out_?dim|d_?out"
    rf"|onodes|k|n_?out|nn_?output_?dim|num_?label|output_?count|{_SIZE}(?:salida|saida)",
    "dims": r"(?:layers?|net|network)_?(?:dims?|sizes?|nodes|structure|config)|layers|sizes|dims"
    r"|layers_?dims?|topology|architecture|layer_?sizes|(?:layer_?)?dimensions?",
    "lambda": rf"{_LAMBDA}_?(?:_?reg(?:ularization)?|_?l2|_?factor|_?param(?:eter)?|_?val(?:ue)?)?"
    rf"|reg(?:ularization)?_?(?:strength|param|rate|term|factor|coeff?|{_LAMBDA})?"
    r"|weight_?decay|l2_?(?:reg|lam|pen|str|fac|coe|alph|weight|dec)\w*|wd",
    "l1": r"l1_?(?:reg|lam|pen|str|coe|alph|weight|dec)\w*",
    "clip": r"(?:max_?)?(?:grad(?:ient)?s?_?)?clip(?:ping)?"
    r"(?:_?(?:value|val|norm|grads?|gradients?|threshold|at|by|max))*"
    r"|max_?(?:grad(?:ient)?_?)?norm|max_?grad(?:ient)?",
    "keep": r"keep_?(?:prob(?:ability)?s?|rate)",
    "drop": r"(?:p_?)?drop(?:out)?(?:_?(?:rate|prob(?:ability)?|p|ratio))?",
    "scale": r"std|sigma|temp(?:erature)?(?:_?param(?:eter)?)?"
    r"|(?:weight|init)_?(?:scale|std)|epsilon_?init",
    "zero": r"momentum|beta\d?|decay(?:_?rate)?|seed|random_?state|rho",
    "quiet": r"verbose|print_?(?:cost|loss|every)?|plot|show|debug|display|log",
}
LEAST_LIMIT = 0.1  # at which gradients may be clipped; probabilities are at smaller ones
_ROLE = {role: re.compile(pattern) for role, pattern in _ROLES.items()}


@lru_cache(1 << 12)
def role(name: str) -> str | None:
    """What a name stands for beside the parameters: a key of `_ROLES`, `x`, `y`, or None."""
    if name in dir(builtins) and name != "input":  # which people call their inputs
        return None
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()
    if X.fullmatch(snake):
        return "x"
    if Y.fullmatch(snake):
        return "y"
    for known, pattern in _ROLE.items():
        if pattern.fullmatch(snake):
            return known
    if parameter(name) is not None or gradient(name) is not None:
        return None
    if _WORD_Y.fullmatch(snake) and not re.search(
        r"pred|hat|layer|size|num|weight|bias|err|grad|delta", snake
    ):
        return "y"
    if _WORD_X.fullmatch(snake) and not re.search(r"layer|size|num|weight|bias", snake):
        return "x"
    return None


def is_data(name: str) -> bool:
    """Whether a name stands for the inputs or the labels."""
    return role(name) in ("x", "y")


_RATE = re.compile(
    rf"{_RATES}|"
    r"(?:learning_?|learn_?)?rates?|taxa(?:_\w+)?|passo|learning|lr(?:_?rate)?|alpha|alfa|eta|step_?size|gamma|l_?rate"
    r"|epsilon|learning_?speed|neta|learning_?rate_?\w*|lrate|step|mu"
)


def is_rate(word: str) -> bool:
    """Whether a name stands for the learning rate."""
    return _RATE.fullmatch(word.strip("_").lower()) is not None
