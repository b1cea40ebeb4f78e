"""The site builds without a warning, its links lead somewhere, it needs no network, and every public name is in it."""

from __future__ import annotations

import functools
import html.parser
import http.server
import importlib
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


class Links(html.parser.HTMLParser):
    """What a page loads, where it leads, and where others may lead into it."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.leads, self.anchors = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.leads.add(given["href"])
        elif tag in ("link", "script", "img", "iframe", "source"):
            self.loads |= {given[key] for key in ("href", "src") if given.get(key)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for module in ("sphinx", "myst_nb", "furo", "sphinx_copybutton", "sphinx_design", "latex2mathml"):
        pytest.importorskip(module)
    out = tmp_path_factory.mktemp("site") / "html"
    environment = {**os.environ, "COLUMNS": "100"}
    command = [sys.executable, str(DOCS / "build.py"), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return {
        path.relative_to(out).as_posix(): Links(path.read_text(encoding="utf-8")) for path in out.rglob("*.html")
    }, out


@pytest.mark.slow(seconds=20)
def test_links_lead_to_pages_and_anchors_that_exist(site):
    pages, out = site
    broken = []
    for name, page in pages.items():
        if name.startswith(("_downloads", "_static")):
            continue
        for link in page.leads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (out / name).parent / unquote(parts.path) if parts.path else out / name
            if not target.exists():
                broken.append(f"{name}: {link}")
            elif parts.fragment and target.suffix == ".html":
                other = pages[target.resolve().relative_to(out.resolve()).as_posix()]
                if unquote(parts.fragment) not in other.anchors:
                    broken.append(f"{name}: {link}")
    assert not broken


@pytest.mark.slow(seconds=20)
def test_nothing_is_loaded_from_elsewhere(site):
    pages, out = site
    outside = {f"{name}: {link}" for name, page in pages.items() for link in page.loads if "//" in link}
    assert not outside
    styles = [path for path in out.rglob("*.css") if "url(http" in path.read_text(encoding="utf-8")]
    assert not styles


@pytest.mark.slow(seconds=20)
def test_every_public_name_is_in_the_reference(site):
    pages, _ = site
    anchors = set().union(*(page.anchors for name, page in pages.items() if name.startswith("reference/")))
    reference = load("make_reference")
    for package in [page.package for page in reference.all_pages().values()]:
        for name in reference.names(importlib.import_module(package)):
            assert f"{package}.{name}" in anchors


def load(script):
    spec = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_nothing_is_misspelled():
    pytest.importorskip("codespell_lib")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    kinds = (".py", ".md", ".toml", ".yml", ".cff", ".ipynb")
    files = [name for name in listed.stdout.splitlines() if name.endswith(kinds) and (ROOT / name).exists()]
    if listed.returncode or not files:
        pytest.skip("the files are not under version control here")
    done = subprocess.run([sys.executable, "-m", "codespell_lib", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# -- in a browser ------------------------------------------------------------------------------------------------------

LOOKED_AT = (
    "index", "gallery", "operations", "graphs", "reference/nn",
    "tutorials/2_backpropagation_step_by_step", "tutorials/10_a_compiled_step_line_by_line",
)  # fmt: skip


@pytest.fixture
def server(site):
    """Serve the site on this machine: on the results of a search, scripts read other pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


@pytest.fixture
def visit(tabs, site, request):
    """Open a page; at the end, fail if a script failed, or anything from outside or missing was asked for."""
    troubles, (_, out) = [], site

    def failed(asked):
        if asked.failure != "net::ERR_ABORTED":  # somebody has gone on to another page before it came
            troubles.append(f"{asked.url[:200]} failed: {asked.failure}")

    def open_page(name, width=1280, served=False, **options):
        address = request.getfixturevalue("server") if served else out.as_uri()
        listeners = {
            "pageerror": lambda error: troubles.append(f"{name}: {error}"),
            "console": lambda said: said.type in ("error", "warning") and troubles.append(f"{name}: {said.text}"),
            "requestfailed": failed,
            "request": lambda one: one.url.startswith((address, "data:")) or troubles.append(f"{name}: {one.url}"),
        }
        tab = tabs(listeners, offline=not served, viewport={"width": width, "height": 800}, **options)
        tab.goto(f"{address}/{name}")
        return tab

    yield open_page
    assert not troubles


@pytest.mark.slow(seconds=20)
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_fits_a_phone_and_scripts_run_without_errors(visit, name):
    tab = visit(f"{name}.html", width=375)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    assert tab.locator("h1").first.is_visible()


@pytest.mark.slow(seconds=20)
def test_the_search_finds_names_and_words(visit):
    tab = visit("search.html?q=check_gradients", served=True)
    tab.wait_for_selector("#search-results li a")
    assert any(
        "testing" in link
        for link in tab.eval_on_selector_all("#search-results li a", "links => links.map(a => a.href)")
    )
    tab.locator(".sidebar-search").first.fill("dropout")
    tab.locator(".sidebar-search").first.press("Enter")
    tab.wait_for_selector("#search-results li a")
    tab.locator("#search-results li a", has_text="Dropout").first.click()
    assert "Dropout" in tab.locator("article").inner_text()


BRIGHTNESS = "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"


@pytest.mark.slow(seconds=20)
def test_dark_mode_follows_the_system_and_the_button(visit):
    assert min(visit("index.html").evaluate(BRIGHTNESS)) > 200
    tab = visit("index.html", color_scheme="dark")
    assert max(tab.evaluate(BRIGHTNESS)) < 60
    tab.locator(".theme-toggle").locator("visible=true").first.click()
    assert min(tab.evaluate(BRIGHTNESS)) > 200
