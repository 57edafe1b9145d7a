"""A model behind an OpenAI-compatible endpoint: retries, bounded concurrency, and faults that have names."""

import logging
from dataclasses import dataclass, field
from http import HTTPStatus

from agentskiller_assets.llm.clock import Clock, SystemClock
from agentskiller_assets.llm.errors import (
    CredentialsError,
    EndpointError,
    LLMError,
    RequestError,
    answer_error,
    shortened,
)
from agentskiller_assets.llm.limiter import Limiter
from agentskiller_assets.llm.manners import Manners, change
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.prices import Prices
from agentskiller_assets.llm.retry import Patience, passes, retry_after
from agentskiller_assets.llm.transport import Exchange, Transport, UnreachableError, address_of
from agentskiller_assets.llm.wire import GarbledError, body_of, completion_of, error_in, notes_of

_LOG = logging.getLogger(__name__)
_SAYS_WHAT = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR)
_OUT_OF_MONEY = "insufficient_quota"
"""A 429 that no waiting cures."""


@dataclass(frozen=True)
class Endpoint:
    """Where models are asked, and how. The key itself is read from the environment."""

    base_url: str = ""
    """Empty for OpenAI's own."""
    key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 120.0
    """For one attempt, from sending to the last byte."""
    concurrency: int = 16
    """The most calls to one model at a time."""
    strict_model: bool = False
    """Whether an answer by a model of another name is an error."""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class _Failure:
    """Why an attempt brought nothing."""

    fault: str
    status: int | None = None
    wait_s: float | None = None
    """As the server asks."""


class OpenAILLM:
    """Asks an endpoint. Used within one event loop; one instance for all that a process asks of the endpoint."""

    def __init__(self, endpoint: Endpoint, prices: Prices | None = None, clock: Clock | None = None) -> None:
        self.endpoint = endpoint
        self._prices = prices or Prices.load()
        self._clock = clock or SystemClock()
        self._transport = Transport(endpoint.base_url, endpoint.key_variable, endpoint.timeout_s)
        self._limiters: dict[str, Limiter] = {}
        self._manners: dict[str, Manners] = {}

    async def complete(self, request: Request) -> Completion:
        """The answer. `AnswerError` for one that cannot be used, another `LLMError` for none."""
        started = self._clock.monotonic()
        patience, attempt = self.endpoint.patience, 0
        while True:
            attempt += 1
            found = await self._attempt(request)
            if isinstance(found, Completion):
                took = round(self._clock.monotonic() - started, 3)
                completion = found.model_copy(update={"attempts": attempt, "latency_s": took})
                return self._sound(request, completion)
            if attempt >= patience.attempts:
                raise self._gave_up(request, found, attempt)
            if found.wait_s is not None and found.wait_s > patience.longest_wait_s:
                raise self._gave_up(request, found, attempt)
            pause = patience.pause(attempt, self._clock.draw())
            wait = pause if found.wait_s is None else found.wait_s + pause / 10
            _LOG.info("%s: attempt %d failed (%s), again in %.1f s", request.culprit, attempt, found.fault, wait)
            await self._clock.sleep(wait)

    async def close(self) -> None:
        """End all connections."""
        await self._transport.close()

    def limiter(self, model: str) -> Limiter:
        """What bounds the calls to this model."""
        if model not in self._limiters:
            self._limiters[model] = Limiter(self.endpoint.concurrency, self._clock)
        return self._limiters[model]

    async def _attempt(self, request: Request) -> Completion | _Failure:
        """One attempt, and as many more as it takes to find out what the endpoint does not take."""
        limiter, local = self.limiter(request.model), None
        while True:
            manners = local or self._manners.get(request.model, Manners())
            async with limiter.slot() as started:
                try:
                    answer = await self._transport.send(body_of(request, manners))
                except UnreachableError as error:
                    return _Failure(str(error))
                if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    limiter.too_much(started, self._wait(answer))
                elif answer.is_success:
                    limiter.went_well()
            if answer.is_success:
                return self._completion(request, answer, manners)
            if passes(answer.status) and not _is_about_form(request, answer, manners):
                return self._passing(request, answer)
            local = self._other_manners(request, answer, manners, local)

    def _completion(self, request: Request, answer: Exchange, manners: Manners) -> Completion | _Failure:
        try:
            found = completion_of(request, answer.body, self._prices)
        except GarbledError as error:
            return _Failure(f"the answer cannot be read: {shortened(str(error))}", answer.status)
        return found.model_copy(update={"adjustments": (*notes_of(request, manners), *found.adjustments)})

    def _passing(self, request: Request, answer: Exchange) -> _Failure:
        message, _, code = error_in(answer.body)
        if code == _OUT_OF_MONEY:
            raise RequestError(request.culprit, shortened(message), "Check plan and billing at the endpoint.")
        fault = f"status {answer.status}: {shortened(message)}" if message else f"status {answer.status}"
        return _Failure(fault, answer.status, self._wait(answer))

    def _other_manners(
        self, request: Request, answer: Exchange, manners: Manners, local: Manners | None
    ) -> Manners | None:
        """Manners for this request alone, or None for those that hold from now on; raises for any other refusal.

        Those that hold only ever change into others that ask for less, so that this comes to an end.
        """
        message, parameter, _ = error_in(answer.body)
        found = None
        if answer.status in _SAYS_WHAT:
            if local is None and self._manners.get(request.model, Manners()) != manners:
                return None  # somebody else has found out meanwhile
            found = change(manners, request.response_schema is not None, message, parameter)
        if found is None:
            raise self._refused(request, answer.status, shortened(message))
        if local is None and found.for_all:
            self._manners[request.model] = found.manners
            return None
        return found.manners

    def _wait(self, answer: Exchange) -> float | None:
        return retry_after(answer.headers, self._clock.now())

    def _sound(self, request: Request, completion: Completion) -> Completion:
        if self.endpoint.strict_model and not _same_model(request.model, completion.answered_by):
            raise answer_error(request, completion, "wrong_model")
        return sound(request, completion)

    def _gave_up(self, request: Request, failure: _Failure, attempts: int) -> LLMError:
        where = address_of(self.endpoint.base_url)
        often = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        fault = f"{where} did not answer in {often}: {failure.fault}"
        if failure.wait_s is not None and failure.wait_s > self.endpoint.patience.longest_wait_s:
            fault += f"; it asks to wait {failure.wait_s:.0f} s"
        fix = "Check that the endpoint is up and takes requests; what is answered is kept, so run again."
        return EndpointError(request.culprit, fault, fix)

    def _refused(self, request: Request, status: int, message: str) -> LLMError:
        where, variable = address_of(self.endpoint.base_url), self.endpoint.key_variable
        fault = f"{where} refuses it with status {status}: {message}"
        match status:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                fix = f"Set {variable} to a key that this endpoint lets in."
                return CredentialsError(request.culprit, fault, fix)
            case HTTPStatus.NOT_FOUND:
                fix = "Check the base URL (it often ends in /v1) and the model's name; `agentskiller doctor` helps."
            case _:
                fix = "`agentskiller doctor` says what this endpoint and model take."
        return RequestError(request.culprit, fault, fix)


def sound(request: Request, completion: Completion) -> Completion:
    """The completion, unless its answer cannot be used: then an `AnswerError`."""
    if completion.fault is not None:
        raise answer_error(request, completion, completion.fault)
    return completion


def _is_about_form(request: Request, answer: Exchange, manners: Manners) -> bool:
    """Whether a 500 is a refusal of the form that JSON is asked for in, as some servers of local models put it."""
    if answer.status != HTTPStatus.INTERNAL_SERVER_ERROR or request.response_schema is None:
        return False
    message, parameter, _ = error_in(answer.body)
    found = change(manners, True, message, parameter)
    return found is not None and found.manners.form != manners.form


def _same_model(asked: str, answered: str) -> bool:
    """Whether the name in the answer is the one asked for, with or without a date and a vendor."""
    one, other = asked.rpartition("/")[2].lower(), answered.rpartition("/")[2].lower()
    return one == other or other.startswith(f"{one}-20")
