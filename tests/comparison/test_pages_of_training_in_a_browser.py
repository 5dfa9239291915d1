"""The pages of one run and of a sweep in a real browser, from the disk and without a network."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.comparison.page_of_rates import page_of_rates
from backproof.comparison.page_of_run import page_of_run
from backproof.comparison.rates import Rate, Rates, Sweep
from comparison.test_page_of_runs_in_a_browser import DRAWN, LONG
from comparison.test_pages_of_training import a_run
from grading.browser import Browser

NOISE = np.random.default_rng(0).random(1001)


def trained(losses, **told):
    count = len(losses)
    curves = {
        "gradient_norms": np.asarray(losses) / 2.0,
        "evaluated": np.array([0, count]),
        "accuracy": np.array([0.3, 0.9]),
        "confusion": np.array([[9, 0, 1], [2, 8, 0], [0, 0, 10]]),
    }
    return page_of_run(a_run(losses, LONG, curves, classes=["a", LONG, "<b>ג</b>"], **told))


def swept(count, curve, name="iris"):
    rates = [
        Rate(0.1 * 3**at, at % 2, 0.5, 0.6, 0.9, 0.01, 0.1 * at, 0.2, np.array(curve) * (at + 1))
        for at in range(count)
    ]
    tried = Sweep("mlp", name, tuple(one.rate for one in rates), steps=len(curve))
    return page_of_rates(Rates(tried, 9, ("no", "yes"), rates, 0, np.array([[3, 1], [2, 3]]), 1.0))


CASES = {
    "a run": lambda: trained(NOISE),
    "a run of one step": lambda: trained([0.5]),
    "a run that was lost": lambda: trained([0.5, 9.0, 1e30, np.inf], status="stopped"),
    "a loop of somebody's own": lambda: page_of_run(a_run([0.5, 0.4])),
    "a sweep": lambda: swept(3, NOISE),
    "a sweep of ten": lambda: swept(10, [1.0, 0.5, np.inf], LONG),
}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(params=CASES)
def browser(started, tmp_path, request):
    path = tmp_path / "page.html"
    path.write_text(CASES[request.param](), encoding="utf-8")
    started.open(path)
    yield started
    started.do("Emulation.clearDeviceMetricsOverride")


def test_it_opens_without_complaint_and_all_that_is_drawn_is_seen(browser):
    assert [url.rpartition("/")[2] for url in browser.requests] == ["page.html"]
    assert browser.complaints == []
    inside = browser.value(DRAWN)
    assert inside
    assert all(inside)
    assert browser.value("document.querySelectorAll('b').length") == 0


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_the_screen(browser, width):
    browser.do("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1,
               mobile=width < 500)  # fmt: skip
    assert browser.value("document.documentElement.scrollWidth") <= width
