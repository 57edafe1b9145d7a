"""Takes the pictures of the documentation from a real run: `make docs`. Needs Chromium.

Two domains are made in a folder of their own, Dagster's UI is started over them, and its pages are photographed.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.webserver import Server, dagster_server  # noqa: E402
from tests.cli.project import Project  # noqa: E402

IMAGES = Path(__file__).parent / "images"
DOMAINS = "clinic_appointments,pharmacy_orders"
PAIR = "clinic_appointments--pharmacy_orders"
SIZE = {"width": 1440, "height": 900}
SETTLED_MS = 4000
"""The UI draws its graph and fetches what it shows for some time after a page has loaded."""


def main() -> None:
    """Makes, starts, photographs."""
    os.chdir(ROOT)
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.run("run", "--domains", DOMAINS, "--pairs", PAIR.replace("--", "+"), seconds=900)
        with dagster_server(project) as server, sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
            _take(page, server, "graph", "/asset-groups")
            _take(page, server, "partitions", "/assets/queries?view=partitions")
            _take(page, server, "checks", "/assets/mcp_servers?view=checks")
            _take(page, server, "lineage", "/assets/queries?view=lineage")
            _take(page, server, "runs", "/runs")
            browser.close()


def _take(page: Page, server: Server, name: str, path: str) -> None:
    page.goto(f"{server.address}{path}")
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=str(IMAGES / f"{name}.png"))
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
