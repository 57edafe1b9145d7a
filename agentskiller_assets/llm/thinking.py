"""What a model writes to itself before it answers, where the server leaves it in the text."""

_START, _END = "<think>", "</think>"


def split_thinking(text: str) -> tuple[str | None, str]:
    """Thinking and answer. Only what stands before the answer is thinking; tags inside an answer are text."""
    start = text.lstrip()
    if start.startswith(_START):
        thinking, end, answer = start.removeprefix(_START).partition(_END)
        return (thinking.strip() or None, answer.lstrip("\r\n") if end else "")
    if _END in text and _START not in text and not start.startswith(("{", "[", "`")):
        # some chat templates put the first tag into the prompt, so that only the second one is answered
        thinking, _, answer = text.partition(_END)
        return thinking.strip() or None, answer.lstrip("\r\n")
    return None, text
