"""What people say when they agree, and what agents say when they ask for a detail or hand a conversation over."""

import re

__all__ = ["agrees", "hands_over", "wants_detail"]

_YES = re.compile(
    r"\b(yes|yeah|yep|yup|yea|aye|sure|ok|okay|correct|right|agree|agreed|confirm|confirmed|exactly|absolutely"
    r"|definitely|certainly|indeed|please do|go ahead|do it|do that|go for it|proceed|of course|by all means"
    r"|sounds good|looks good|perfect|that's it|that is it|that works|all good|fine)\b"
)
_NO_FIRST = re.compile(
    r"^(?:(?:oh|hm+|well|sorry|er+|um+|and|oh dear)\b ?)*"
    r"(no|nope|nah|not|don't|do not|never|wait|stop|hold on|hang on|but|however|except|actually|unless|if|cancel that"
    r"|correction|wrong|on second thoughts?|on reflection)\b"
)
_NOT = re.compile(r"\b(no|not|never|cannot|nothing|wrong|incorrect)\b|n't\b")
_CORRECTS = re.compile(
    r"\b(instead|i meant|rather have|prefer|reconsider(?:ed)?|second thoughts?|changed my mind|mixed that up"
    r"|let me think again|made a mistake|make it|correct (?:myself|that)"
    r"|(?:got|said|had) (?:that|it) wrong)\b"
)
_IDIOM = re.compile(
    r"\b(no (?:problem|worries|need|rush|hurry|objections?|doubt)(?: at all)?|why not|(?:can't|cannot) wait"
    r"|(?:don't|do not) (?:mind|worry|forget)|nothing else|not at all|if you (?:would|could|like|don't mind)"
    r"|if that's (?:possible|ok|okay)|if i may)\b"
)
_WH = r"(?:which|what|when|who|whose|where|why|how)"
_WANTS_DETAIL = re.compile(
    rf"^(?:(?:and|so|but|sorry|ok|okay|sure|now|then|next|first)\b,? ?)*{_WH}\b"
    rf"|\b(?:ask|know|tell me|say|specify|state|mean|clarify),? {_WH}\b[^?]*\?$"
)
_CLAUSE = re.compile(r"[.!?;,:\u2014]+|\s-\s")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_GIVES_AWAY = (
    r"(?:hand(?:ing|ed)?|transfer(?:ring|red)?|pass(?:ing|ed)?|connect(?:ing|ed)?|forward(?:ing|ed)?"
    r"|put(?:ting)?|escalat(?:e|ing|ed))"
)
_HUMAN = r"(?:human|colleague|person|somebody|someone|representative|specialist|supervisor|staff|team|agent)"
_HANDS_OVER = re.compile(
    rf"\b{_GIVES_AWAY} (?:[\w'-]+ ){{0,3}}(?:to|with|through) (?:[\w'-]+ ){{0,4}}{_HUMAN}\b"
    rf"|\b{_GIVES_AWAY} you (?:over|on|through)\b|\btransferring you\b"
)
_OFFERS = re.compile(
    rf"\?$|\b(?:if|unless)\b|\b(?:can|could|may|might|shall|should|would|want me to)\b(?: \w+)? {_GIVES_AWAY}\b"
)


def agrees(text: str) -> bool:
    """Whether this is a clear yes: no refusal, no condition, and nothing that is to be otherwise."""
    plain = _IDIOM.sub(" ", _plain(text))
    clauses = [clause.strip() for clause in _CLAUSE.split(plain) if clause.strip()]
    if any(_NO_FIRST.match(clause) or _CORRECTS.search(clause) for clause in clauses):
        return False
    positive = [clause for clause in clauses if _YES.search(clause)]
    return bool(positive) and not any(_NOT.search(clause) for clause in positive)


def hands_over(text: str) -> bool:
    """Whether the agent says that a human takes over now, rather than offers it."""
    return any(
        _HANDS_OVER.search(sentence) is not None and _OFFERS.search(sentence) is None
        for sentence in _SENTENCE.split(_plain(text))
    )


def wants_detail(text: str) -> bool:
    """Whether the last question is one that nobody answers with yes or no."""
    questions = [sentence for sentence in _SENTENCE.split(_plain(text)) if sentence.endswith("?")]
    return bool(questions) and _WANTS_DETAIL.search(questions[-1]) is not None


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").split())
