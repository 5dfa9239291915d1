"""Results as `results.json` holds them: of a small class, any at all, and of large classes."""

import random

from hypothesis import strategies as st

PARTS = [
    {"function": "sigmoid", "part": "value", "out_of": 1.0, "public": True},
    {"function": "gradient", "part": "dw", "out_of": 2.0, "public": True},
    {"function": "gradient", "part": "db", "out_of": 2.0, "public": True},
    {"function": "gradient", "part": "edge", "out_of": 1.5, "public": False},
    {"function": "optimize", "part": "loss", "out_of": 3.5, "public": False},
]
CASE = {
    "arguments": [["X", [[1.0, -2.0, 0.5]]], ["Y", [[1, 0, 1]]], ["Y_Hat", [[0.5, 0.5, 0.5]]]],
    "expected": [[0.25, 1e-07, None]],
    "actual": [[0.75, 3e-07, 1.0]],
}


def marked(part, verdict="right", because=(), case=None, points=None):
    points = part["out_of"] if verdict == "right" else 0.0 if points is None else points
    return {**part, "points": points, "verdict": verdict, "because": list(because), "case": case}


def submitted(key, parts, **told):
    made = {
        "key": key,
        "name": None,
        "late": None,
        "digest": f"digest of {key}",
        "program": f"{key}.ipynb",
        "status": "graded",
        "points": sum(part["points"] for part in parts),
        "out_of": 10.0,
        "override": None,
        "parts": parts,
        "problems": [],
        "printed": "",
    }
    return made | told


def hand_written(language="en", hints="case"):
    sigmoid, dw, db, edge, loss = PARTS
    wrong = [
        marked(sigmoid, because=[{"code": "low_precision"}]),
        marked(dw, "wrong", [{"code": "factor", "factor": "n"}], CASE),
        marked(db, "wrong", [{"code": "wrong_value"}]),
        marked(edge, "wrong", [{"code": "raised", "error": "ValueError: <b>`3`</b> on line 7"}]),
        marked(loss, "undecided", [{"code": "near"}]),
    ]
    missing = [
        marked(part, "missing", [{"code": "not_defined", "function": part["function"]}])
        for part in (dw, db, edge)
    ]
    return {
        "version": 1,
        "assignment": {
            "title": "Homework 3: logistic regression",
            "digest": "d1",
            "language": language,
            "hints": hints,
            "out_of": 10.0,
            "parts": PARTS,
        },
        "isolation": "bubblewrap",
        "date": "2026-11-25",
        "submissions": [
            submitted("1", [marked(part) for part in PARTS], name="Ana Conceição", late=False),
            submitted(
                "2",
                wrong,
                name="*Bob* <script>alert(1)</script>",
                late=True,
                status="review",
                problems=[{"code": "late"}, {"code": "several", "words": "a.py, b_1.py"}],
                printed="hello\n<img alt=x>\n",
            ),
            submitted(
                "3",
                [
                    marked(
                        sigmoid,
                        "wrong",
                        [{"code": "shape", "actual": [3, 1], "expected": [1, 3]}],
                        {**CASE, "actual": None},
                    ),
                    *missing,
                    marked(
                        loss, "wrong", [{"code": "not_reached", "loss": 0.69314718, "wanted": 0.1}]
                    ),
                ],
                name="=Zé|Silva",
                override={"points": 4.5, "reason": "Showed it to me; -1 for style"},
            ),
            submitted(
                "4",
                [],
                status="unread",
                program=None,
                problems=[{"code": "no_program", "words": "report.pdf"}],
            ),
        ],
    }


# --- any results ---------------------------------------------------------------------------------

MARK = "Ж"  # is in all that a student wrote, and in nothing of ours
_TROUBLE = "`*_<>&\"'|[]()#~$\\=+-@;,:\n\r\t\0\u2028\u202e\ud800 /.aé1"
_WORDS = st.text(_TROUBLE, max_size=20) | st.text(
    st.characters(exclude_characters=MARK), max_size=20
)
student_text = st.builds("{}{}{}".format, _WORDS, st.just(MARK), _WORDS)
_NAMES = st.sampled_from(["gradient", "dw", "W1", "cache`", "a|b", "f_1*"])
_POINTS = st.floats(0, 100, allow_nan=False) | st.just(0.0)
_NUMBERS = st.floats(allow_nan=True) | st.integers(-9, 9) | st.none()
_VALUES = st.recursive(_NUMBERS, lambda inner: st.lists(inner, max_size=3), max_leaves=8)
_ARGUMENTS = _VALUES | st.dictionaries(_NAMES, _VALUES, max_size=2) | st.just("relu")


def _said(texts):
    return st.one_of(
        st.sampled_from(
            [
                "wrong_value",
                "transposed",
                "not_finite",
                "low_precision",
                "guarded",
                "time",
                "memory",
                "killed",
                "near",
                "late",
                "a_new_one",
            ]
        ).map(lambda code: {"code": code}),
        st.builds(lambda x: {"code": "not_defined", "function": x}, _NAMES),
        st.builds(lambda x: {"code": "factor", "factor": x}, st.sampled_from(["n", "1/n", "-1"])),
        st.builds(lambda x: {"code": "guarded", "constant": x}, _POINTS),
        st.builds(
            lambda x, y: {"code": "shape", "actual": x, "expected": y},
            st.just([3, 1]),
            st.just([1]),
        ),
        st.builds(lambda x, y: {"code": "not_reached", "loss": x, "wanted": y}, _POINTS, _POINTS),
        st.builds(lambda x: {"code": "raised", "error": x}, texts),
        st.builds(lambda x: {"code": "kind", "actual": x}, texts),
        st.builds(lambda x: {"code": "mutates", "argument": x}, texts),
        st.builds(
            lambda code, x: {"code": code, "words": x},
            st.sampled_from(["no_program", "syntax", "several", "said"]),
            texts,
        ),
        st.builds(
            lambda code, x: {"code": code, "module": x, "line": 3},
            st.sampled_from(["autodiff", "not_allowed"]),
            texts,
        ),
    )


def _marks(part, texts):
    return st.builds(
        lambda verdict, because, case: marked(part, verdict, because, case),
        st.sampled_from(["right", "wrong", "undecided", "missing"]),
        st.lists(_said(texts), max_size=2),
        st.none()
        | st.fixed_dictionaries(
            {
                "arguments": st.lists(st.tuples(_NAMES, _ARGUMENTS).map(list), max_size=2),
                "expected": _VALUES,
                "actual": _VALUES,
            }
        ),
    )


@st.composite
def any_results(draw, texts=student_text):
    named = st.lists(st.tuples(_NAMES, _NAMES), min_size=1, max_size=4, unique=True)
    parts = [
        {"function": function, "part": part, "out_of": draw(_POINTS), "public": draw(st.booleans())}
        for function, part in draw(named)
    ]
    submissions = []
    for number in range(draw(st.integers(0, 3))):
        told = {
            "name": draw(st.none() | texts),
            "late": draw(st.none() | st.booleans()),
            "digest": f"{MARK}{number}",
            "program": draw(st.none() | texts),
            "status": draw(st.sampled_from(["graded", "review", "unread"])),
            "override": draw(
                st.none() | st.fixed_dictionaries({"points": _POINTS, "reason": texts})
            ),
            "problems": draw(st.lists(_said(texts), max_size=2)),
            "printed": draw(texts),
        }
        marks = [draw(_marks(part, texts)) for part in parts] if draw(st.booleans()) else []
        submissions.append(submitted(draw(texts), marks, **told))
    return {
        "version": 1,
        "assignment": {
            "title": draw(_WORDS),
            "digest": "d1",
            "language": draw(st.sampled_from(["en", "pt"])),
            "hints": draw(st.sampled_from(["none", "part", "case"])),
            "out_of": draw(_POINTS),
            "parts": parts,
        },
        "isolation": draw(st.sampled_from(["bubblewrap", "none"])),
        "date": "2026-11-25",
        "submissions": submissions,
    }


def reworded(value, words=None):
    """The same results with other words in place of each text of a student's, digests kept."""
    words = {} if words is None else words
    if isinstance(value, dict):
        return {key: one if key == "digest" else reworded(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [reworded(one, words) for one in value]
    if isinstance(value, str) and MARK in value:
        return words.setdefault(value, f"words{MARK}{len(words)}")
    return value


# --- a class -------------------------------------------------------------------------------------

_FUNCTIONS = {
    "sigmoid": ["value"],
    "initialize_weights": ["shape"],
    "logistic_regression": ["value"],
    "binary_cross_entropy": ["value", "edge"],
    "gradient": ["dw", "db", "edge"],
    "optimize": ["w", "b", "loss"],
    "predict": ["value"],
}
_FIRST = ["Ana", "Bruno", "Célia", "Davi", "Érica", "Fábio", "Gabriela", "Heitor"]
_LAST = ["Almeida", "Brandão", "Conceição", "Diniz", "Esteves", "Falcão", "Guimarães"]
_MISTAKES = [
    {"code": "factor", "factor": "n"},
    {"code": "factor", "factor": "-1"},
    {"code": "transposed"},
    {"code": "shape", "actual": [8, 1], "expected": [1, 8]},
    {"code": "wrong_value"},
    {"code": "raised", "error": "ValueError: operands could not be broadcast together, line 31"},
]


def a_class(size, language="en", hints="case"):
    """A class of `size`, always the same: a third all right, one in twenty to be looked at."""
    chance = random.Random(size)
    parts = [
        {"function": name, "part": part, "out_of": 1.0, "public": part != "edge"}
        for name, own in _FUNCTIONS.items()
        for part in own
    ]
    numbers = [[round(chance.gauss(0, 1), 6) for _ in range(3)] for _ in range(2)]
    case = {
        "arguments": [["X", numbers], ["Y", [[1.0, 0.0]]]],
        "expected": numbers[:1],
        "actual": numbers[1:],
    }
    submissions = []
    for number in range(size):
        skill = chance.choice([0.5, 0.8, 1.0])
        open_one = chance.random() < 0.05
        marks = []
        for part in parts:
            if chance.random() < skill:
                marks.append(marked(part))
            elif open_one:
                marks.append(marked(part, "undecided", [{"code": "near"}]))
            else:
                shown = case if part["public"] else None
                marks.append(marked(part, "wrong", [chance.choice(_MISTAKES)], shown))
        undecided = any(one["verdict"] == "undecided" for one in marks)
        submissions.append(
            submitted(
                str(657000 + number),
                marks,
                name=f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {chance.choice(_LAST)}",
                late=chance.random() < 0.1,
                digest=f"{chance.getrandbits(256):064x}",
                status="review" if undecided else "graded",
                out_of=float(len(parts)),
                printed="epoch 100: loss 0.1234\n" * 20,
            )
        )
    made = hand_written(language, hints)
    about = {"out_of": float(len(parts)), "parts": parts}
    return made | {"assignment": made["assignment"] | about, "submissions": submissions}
