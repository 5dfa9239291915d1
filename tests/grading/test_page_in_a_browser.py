"""The page as a person uses it, in a real browser and from the disk."""

import pytest

from backproof.grading.page import page
from grading.browser import Browser
from grading.made_results import a_class, hand_written

ENTER, TAB, SPACE = ("Enter", 13, "\r"), ("Tab", 9), (" ", 32, " ")
NAMES = (
    "[...document.querySelectorAll('#class > tbody')].filter(one => !one.hidden)"
    ".map(one => one.querySelector('button').textContent)"
)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(started, tmp_path):
    def opened(results, **told):
        path = tmp_path / "class.html"
        path.write_text(page(results, **told), encoding="utf-8")
        started.open(path)
        return started

    return opened


def column(browser, header, selector="#class > thead button"):
    """Clicks a header of the class's table."""
    browser.value(
        f"[...document.querySelectorAll('{selector}')]"
        f".find(one => one.textContent === '{header}').click()"
    )


@pytest.mark.parametrize("anonymous", [False, True])
def test_it_opens_without_complaint_and_asks_for_nothing_else(browser, anonymous):
    opened = browser(hand_written(), anonymous=anonymous)
    assert opened.value("document.querySelectorAll('#class > tbody').length") == 4
    assert opened.value("document.getElementById('shown').textContent") == "4 of 4 shown"
    assert [url.rpartition("/")[2] for url in opened.requests] == ["class.html"]
    assert opened.complaints == []


BLOCKED = """new Promise((done) => {
  const seen = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    seen.push(event.effectiveDirective);
    if (seen.length === 4) done(seen.sort());
  });
  const script = document.createElement("script");
  script.textContent = "window.reached = 1";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", "<img src=x.png><p style='color: red'>");
  fetch("http://127.0.0.1:9/").catch(() => 0);
})"""


def test_the_policy_lets_nothing_else_run_or_load(browser):
    opened = browser(hand_written())
    assert opened.value(BLOCKED) == ["connect-src", "img-src", "script-src-elem", "style-src-attr"]
    assert opened.value("window.reached === undefined")


def test_those_for_a_person_come_first_and_columns_sort(browser):
    opened = browser(hand_written())
    first = ["*Bob* <script>alert(1)</script>", "4", "Ana Conceição", "=Zé|Silva"]
    assert opened.value(NAMES) == first
    column(opened, "Points")
    assert opened.value(NAMES) == [first[1], first[0], first[3], first[2]]
    column(opened, "Points")
    assert opened.value(NAMES) == [first[2], first[3], first[0], first[1]]
    column(opened, "Key")
    assert opened.value(NAMES) == [first[2], first[0], first[3], first[1]]
    column(opened, "gradient")
    assert opened.value(NAMES)[2:] == ["Ana Conceição", "4"]  # what is not there comes last
    column(opened, "gradient")
    assert opened.value(NAMES)[0] == "Ana Conceição"
    assert opened.value(NAMES)[3] == "4"
    assert opened.value(
        "[...document.querySelectorAll('#class > thead th')].map(one => one.ariaSort)"
    ) == ["none"] * 6 + ["descending", "none"]
    assert opened.complaints == []


def test_numbers_sort_as_numbers_in_every_column(browser):
    results = a_class(200)
    for one, points in zip(results["submissions"], (0.25, 0.5, 9.75, 10.125), strict=False):
        one["override"] = {"points": points, "reason": ""}
    opened = browser(results)
    for at, header in ((2, "Points"), (10, "optimize")):
        column(opened, header)
        numbers = opened.value(
            "[...document.querySelectorAll('#class > tbody')]"
            f".map(one => Number(one.rows[0].cells[{at}].dataset.number))"
        )
        assert numbers == sorted(numbers)
        assert len(set(numbers)) > 2


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("conceicao", ["Ana Conceição"]),
        ("ANA  conc", ["Ana Conceição"]),
        ("zé|s", ["=Zé|Silva"]),
        ("float32", ["*Bob* <script>alert(1)</script>"]),  # in what unfolds
        ("nobody", []),
    ],
)
def test_typing_searches_names_and_feedback(browser, typed, found):
    opened = browser(hand_written())
    opened.value("document.getElementById('search').focus()")
    opened.type(typed)
    assert opened.value(NAMES) == found
    assert opened.value("document.getElementById('shown').textContent") == (
        f"{len(found)} of 4 shown"
    )
    assert opened.complaints == []


def test_feedback_unfolds_by_keyboard_alone(browser):
    opened = browser(hand_written())
    opened.value("document.querySelector('#class > thead th:last-child button').focus()")
    opened.press(*TAB)
    name = "document.activeElement.textContent"
    assert opened.value(name) == "*Bob* <script>alert(1)</script>"
    visible = "document.getElementById('s0').checkVisibility()"
    assert not opened.value(visible)
    opened.press(*ENTER)
    assert opened.value(visible)
    assert opened.value("document.activeElement.ariaExpanded") == "true"
    assert "np.array([[1.0, -2.0, 0.5]])" in opened.value("document.getElementById('s0').innerText")
    opened.press(*SPACE)
    assert not opened.value(visible)
    assert opened.complaints == []


def test_a_mistake_shows_who_made_it(browser):
    opened = browser(hand_written())
    column(opened, "1 (25 %)", "#mistakes button")
    assert opened.value(NAMES) == ["*Bob* <script>alert(1)</script>"]
    assert opened.value("document.getElementById('mistake-shown').innerText").startswith(
        "Only: gradient, dw: Is the right answer times n."
    )
    opened.value("document.querySelector('#mistake-shown button').click()")
    assert len(opened.value(NAMES)) == 4
    opened.value("document.getElementById('only-person').click()")
    assert opened.value(NAMES) == ["*Bob* <script>alert(1)</script>", "4"]
    assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_either_scheme(browser, scheme):
    opened = browser(a_class(20, "pt"))
    opened.do("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2,
              mobile=True)  # fmt: skip
    opened.do("Emulation.setEmulatedMedia",
              features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
    try:
        opened.value("document.querySelector('.main button').click()")
        assert opened.value("document.documentElement.scrollWidth") <= 360
        assert (
            opened.value("document.querySelector('.detail').getBoundingClientRect().right") <= 360
        )
        ground = opened.value("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    finally:
        opened.do("Emulation.clearDeviceMetricsOverride")
        opened.do("Emulation.setEmulatedMedia", features=[])


def test_what_is_unfolded_is_printed_and_what_is_only_for_screens_is_not(browser):
    opened = browser(hand_written())
    opened.value("document.querySelector('.main button').click()")
    opened.do("Emulation.setEmulatedMedia", media="print")
    try:
        assert not opened.value("document.getElementById('search').checkVisibility()")
        assert opened.value("document.getElementById('s0').checkVisibility()")
        assert not opened.value("document.getElementById('s1').checkVisibility()")
    finally:
        opened.do("Emulation.setEmulatedMedia", media="")
