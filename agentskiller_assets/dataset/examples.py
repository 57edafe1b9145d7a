"""From what was selected to the examples themselves."""

from collections.abc import Iterable, Sequence

from agentskiller_assets.dataset.groups import domains_in
from agentskiller_assets.dataset.messages import content_digest, openai_messages, texts_of, turns_of, words_of
from agentskiller_assets.dataset.models import Example, Selection
from agentskiller_assets.dataset.stored import Conversations
from agentskiller_assets.errors import StorageError
from agentskiller_assets.rollouts.models import Rollout


def make_examples(selected: Sequence[Selection], conversations: Iterable[Conversations]) -> list[Example]:
    """The example of every conversation that is kept, in the order of their ids, which mixes domains and kinds.

    `StorageError` if a conversation is not there any more, or is not the one that was selected.
    """
    kept = {each.rollout: each for each in selected if each.decision == "kept"}
    found = [
        _example(rollout, kept[rollout.id]) for each in conversations for rollout in each.rollouts if rollout.id in kept
    ]
    if len(found) < len(kept):
        lost = sorted(set(kept) - {example.parents[0] for example in found})
        raise _changed(lost[0])
    found.sort(key=lambda example: example.id)
    return [example.model_copy(update={"position": position}) for position, example in enumerate(found)]


def _example(rollout: Rollout, selection: Selection) -> Example:
    messages = openai_messages(rollout, selection.left_out)
    if content_digest(messages) != selection.content or selection.split is None or selection.evaluation is None:
        raise _changed(rollout.id)
    return Example(
        id=Example.make_id(rollout.id),
        parents=(rollout.id, selection.evaluation),
        position=0,
        split=selection.split,
        group=selection.group,
        domain=rollout.domain,
        domains=domains_in(rollout.domain),
        task_kind=rollout.task_kind,
        messages=messages,
        tools=rollout.tools,
        turns=turns_of(messages),
        calls=sum(len(message.get("tool_calls") or ()) for message in messages),
        words=sum(len(words_of(text)) for text in texts_of(messages[1:])),
    )


def _changed(rollout: str) -> StorageError:
    fault = "it is not the conversation any more that was selected"
    return StorageError(rollout, fault, "Make `dataset_selection` again, then `training_dataset`")
