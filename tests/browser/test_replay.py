"""The page of a conversation in Chromium: complete, readable on a phone and in the dark, and deaf to what is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.cli.conversation import Conversation
from agentskiller_assets.cli.page import page as page_of
from tests.dataset.kit import evaluated, verdict
from tests.world import clinic

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'></pre></style>\"'&{{ 7 * 7 }}"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    evaluated()  # before, since conversations are held in an event loop, and Playwright's leaves room for no other
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield started
        started.close()


def _conversation() -> Conversation:
    rollout = max(evaluated().rollouts, key=lambda each: (each.task_kind == "fulfil", len(each.calls)))
    query = next(query for query in clinic().queries if query.id == rollout.query)
    return Conversation(rollout, verdict(rollout, 1.0, (rollout.calls[0].id,)), query)


def _hostile() -> Conversation:
    """A conversation in which everything that can hold text holds markup."""
    plain = _conversation()
    messages = [
        each.model_copy(update={"content": HOSTILE}) if each.content else each for each in plain.rollout.messages
    ]
    call = plain.rollout.calls[0].model_copy(update={"tool": HOSTILE, "arguments": {HOSTILE: HOSTILE}})
    diff = {"inserted": {HOSTILE: [{HOSTILE: HOSTILE}]}, "updated": {}, "deleted": {}}
    tool = {"type": "function", "function": {"name": HOSTILE, "description": HOSTILE, "parameters": {}}}
    rollout = plain.rollout.model_copy(
        update={
            "messages": tuple(messages),
            "calls": (call, *plain.rollout.calls[1:]),
            "tools": (tool,),
            "final_diff": diff,
            "last_words": HOSTILE,
            "agent": HOSTILE,
        }
    )
    evaluation = verdict(rollout, 0.0)
    part = evaluation.parts[0].model_copy(update={"reasons": (HOSTILE,)})
    return Conversation(rollout, evaluation.model_copy(update={"parts": (part,)}), plain.query)


def _open(browser: Any, folder: Path, conversation: Conversation, **more: Any) -> tuple[Any, list[str], list[str]]:
    """The page in the browser, what it asked for, and what it complained about."""
    path = folder / "page.html"
    path.write_text(page_of(conversation), encoding="utf-8")
    opened = browser.new_page(**more)
    requests: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(path.as_uri())
    return opened, requests, complaints


def test_all_that_was_said_is_on_one_page_that_asks_for_nothing(browser: Any, tmp_path: Path):
    conversation = _conversation()
    opened, requests, complaints = _open(browser, tmp_path, conversation)
    text = " ".join(opened.inner_text("main").split())
    for message in conversation.talk:
        if message.content:
            assert " ".join(message.content.split()) in text
    assert all(call.tool in text for call in conversation.rollout.calls)
    assert opened.locator(".call .chip.ok").count() == len(conversation.rollout.calls)
    assert opened.locator(".call .chip.spare").count() == 1
    assert "passed" in opened.locator("h1").inner_text()
    for change in conversation.changes:
        assert change.table.replace("_", " ") in text
    assert not opened.locator("pre").is_visible()
    opened.get_by_text("System prompt with the policy").click()
    assert opened.locator("pre").is_visible()
    assert requests == [(tmp_path / "page.html").as_uri()]
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_by_day_and_night(browser: Any, tmp_path: Path, scheme: str):
    phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    opened, _, _ = _open(browser, tmp_path, _conversation(), **phone)
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.evaluate("parseFloat(getComputedStyle(document.querySelector('.said p')).fontSize)") >= 16
    bright = "(c => { const [r, g, b] = c.match(/[0-9.]+/g).map(Number); return (0.3*r + 0.6*g + 0.1*b) / 255 })"
    for selector in (".said.user", ".said.agent", ".card"):
        paper, ink = opened.evaluate(
            f"[...(s => [{bright}(s.backgroundColor), {bright}(s.color)])(getComputedStyle("
            f"document.querySelector('{selector}')))]"
        )
        assert (paper > ink) == (scheme == "light")
        assert abs(paper - ink) > 0.6


def test_markup_in_a_conversation_is_text_on_the_page(browser: Any, tmp_path: Path):
    opened, requests, complaints = _open(browser, tmp_path, _hostile())
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert opened.evaluate("window.hacked") is None
    assert opened.locator("script, img, iframe, link, object, form").count() == 0
    text = opened.inner_text("main")
    assert text.count("<script>window.hacked = 1</script>") > 10
    assert "{{ 7 * 7 }}" in text
    assert len(requests) == 1
    assert complaints == []
