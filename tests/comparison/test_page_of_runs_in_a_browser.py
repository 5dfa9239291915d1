"""The page as an engineer reads it, in a real browser, from the disk and without a network."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.comparison.page import page
from comparison.made_compared import a_run, an_own, compared
from grading.browser import Browser

ENTER, TAB = ("Enter", 13, "\r"), ("Tab", 9)
LONG = "a-very-long-name-without-a-space_" * 6
LOST = [0.7, 0.6, np.inf, np.nan]
NUMBERS = {0: 0.1, 1: 0.0, 9: 0.3, 100: np.inf}


def of(names, losses=None, numbers=NUMBERS):
    runs = [
        a_run(name, [0.9, 0.5, 0.3] if losses is None else losses, backend=name) for name in names
    ]
    owns = []
    for run in runs:
        residuals = {
            number: dict.fromkeys(run.rule.model.parameters, value)
            for number, value in numbers.items()
        }
        owns.append(an_own(run, residuals))
    return compared(runs, owns)


CASES = {
    "two": lambda: of(["numpy", "jax"]),
    "eight": lambda: of([f"run {i}" for i in range(8)]),
    "long names": lambda: of([LONG, "ניסוי <b>实验</b> 😀"]),
    "diverged": lambda: of(["numpy", "jax"], LOST),
    "one step": lambda: of(["numpy", "jax"], [0.5], {0: 0.1}),
}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(started, tmp_path):
    def opened(told):
        path = tmp_path / "runs.html"
        path.write_text(page(told), encoding="utf-8")
        started.open(path)
        return started

    yield opened
    started.do("Emulation.clearDeviceMetricsOverride")
    started.do("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("case", CASES)
def test_it_opens_without_complaint_and_asks_for_nothing_else(browser, case):
    opened = browser(CASES[case]())
    assert [url.rpartition("/")[2] for url in opened.requests] == ["runs.html"]
    assert opened.complaints == []


DRAWN = """[...document.querySelectorAll(".plot")].map(plot => {
  const outer = plot.getBoundingClientRect();
  return [...plot.querySelectorAll("path, text, line, rect")].every(one => {
    const inner = one.getBoundingClientRect();
    return inner.left >= outer.left - 1 && inner.right <= outer.right + 1
      && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  });
})"""


@pytest.mark.parametrize("case", CASES)
def test_all_that_is_drawn_is_inside_of_its_plot(browser, case):
    inside = browser(CASES[case]()).value(DRAWN)
    assert len(inside) >= 5
    assert all(inside)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_the_screen(browser, case, width):
    opened = browser(CASES[case]())
    opened.do("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1,
              mobile=width < 500)  # fmt: skip
    assert opened.value("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_either_scheme_has_its_own_ground_and_hues(browser, scheme):
    opened = browser(CASES["two"]())
    opened.do("Emulation.setEmulatedMedia",
              features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
    ground = opened.value("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    hue = opened.value("getComputedStyle(document.querySelector('.line.h0')).stroke")
    assert hue == {"light": "rgb(0, 102, 208)", "dark": "rgb(98, 138, 235)"}[scheme]
    key = opened.value("getComputedStyle(document.querySelector('.legend .mark.h0')).fill")
    assert key == hue


def test_a_keyboard_gets_from_a_verdict_to_its_reasons(browser):
    opened = browser(CASES["eight"]())
    opened.value("document.querySelector('#matrix a[href=\"#pair-2-5\"]').focus()")
    opened.press(*ENTER)
    assert opened.value("document.querySelector(':target').id") == "pair-2-5"
    title = opened.value("document.querySelector(':target h3').innerText")
    assert " ".join(title.split()) == "run 2 and run 5: ≈ rounding"
    top = opened.value("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 <= top < opened.value("innerHeight")


def test_numbers_unfold_by_keyboard_and_plots_are_reached_by_it(browser):
    opened = browser(CASES["two"]())
    opened.value("document.querySelector('#losses .wide').focus()")
    assert opened.value("document.activeElement.ariaLabel") == "plot of the losses"
    opened.press(*TAB)
    assert opened.value("document.activeElement.textContent") == "Losses in numbers"
    opened.press(*ENTER)
    assert opened.value("document.querySelector('#losses details table').checkVisibility()")


def test_names_are_text(browser):
    opened = browser(CASES["long names"]())
    assert opened.value("document.querySelectorAll('b').length") == 0
    assert opened.value("document.querySelectorAll('#matrix bdi')[1].textContent") == (
        "ניסוי <b>实验</b> 😀"
    )
