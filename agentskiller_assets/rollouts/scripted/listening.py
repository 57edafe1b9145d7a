"""What somebody hears in the other's words: an agreement, a question, a refusal, a hand-over."""

import re

_MOVING = r"(transfer|transferring|handing|hand|passing|pass|connecting|connect|putting|forwarding|escalating)"
_SOMEBODY = r"(human|colleague|person|specialist|supervisor|representative)"
_HANDS_OVER = re.compile(
    rf"\b{_MOVING}\b.{{0,60}}\b{_SOMEBODY}\b|\b{_SOMEBODY}\b.{{0,40}}\b{_MOVING}\b", re.IGNORECASE | re.DOTALL
)
_CONFIRMS = re.compile(
    r"\b(shall|should|may|can) i\b.{0,12}\b(go ahead|do (that|it|this)|proceed)\b"
    r"|\b(do you want|would you like) me to\b"
    r"|\bgo ahead\?|\bis (that|this|it|everything|all of (that|this)) (all )?(right|correct|ok|okay)\b"
    r"|\b(sounds?|looks?) (right|good|correct)\?|\bcorrect\?|\bdo you agree\b|\bplease confirm\b|\bok to go\b"
    r"|\bdoes (that|this) (sound|look)",
    re.IGNORECASE,
)
_ANYTHING_ELSE = re.compile(r"\b(any|some)thing (else|more|further)\b|\banything\b.{0,20}\belse\b", re.IGNORECASE)
_ABOUT_WHAT_ONE_KNOWS = re.compile(r"\byou (\w+ )?(know|recall|remember)\b", re.IGNORECASE)
_ASKS_WHAT = re.compile(
    r"\bwhat\b.{0,12}\b(would|do|can|could|may) (you|i)\b|\bhow (can|may|could) i\b|\bwhat is it about\b"
    r"|\btell me\b.{0,8}\bwhat (i can|you)\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(can't|cannot|can not|unable|not able|not possible|isn't possible|impossible|not allowed|won't work|no sign"
    r"|do(es)? not (allow|show)|don't (allow|see)|can't be done|regret|the rule)\b",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\b(yes|yep|yeah|yup|correct(?! (myself|that|this|it))|right|perfect|sure|go ahead|proceed|please do|agree"
    r"|exactly|absolutely|fine|ok|okay)\b",
    re.IGNORECASE,
)
_DISAGREES = re.compile(
    r"\b(no|not|don't|wait|wrong|actually|instead|rather|second thought|reconsidered|changed my mind|on reflection"
    r"|correction|sorry|hang on|pardon)\b",
    re.IGNORECASE,
)


def hands_over(text: str) -> bool:
    """Whether the agent passes the conversation on to a human."""
    return _HANDS_OVER.search(text) is not None


def asks_to_confirm(text: str) -> bool:
    """Whether the agent wants a yes before it goes on."""
    return _CONFIRMS.search(text) is not None


def asks_for_more(text: str) -> bool:
    """Whether the agent asks if there is anything else to do; not what else somebody remembers of it."""
    return _ANYTHING_ELSE.search(text) is not None and _ABOUT_WHAT_ONE_KNOWS.search(text) is None


def asks_what(text: str) -> bool:
    """Whether the agent asks what the user wants."""
    return _ASKS_WHAT.search(text) is not None


def refuses(text: str) -> bool:
    """Whether the agent says that something cannot be done or found."""
    return _REFUSES.search(text.replace("’", "'")) is not None


def asks(text: str) -> bool:
    """Whether the agent wants to know something."""
    return "?" in text or re.search(r"\b(please|need|require)\b", text, re.IGNORECASE) is not None


def agrees(text: str) -> bool:
    """Whether the user says yes, and nothing against it."""
    plain = text.replace("’", "'")
    return _AGREES.search(plain) is not None and _DISAGREES.search(plain) is None
