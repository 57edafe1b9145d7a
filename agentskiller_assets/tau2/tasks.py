"""Certified tasks as tasks of tau2: gold calls as actions, queries as scenarios of its user simulator."""

from collections.abc import Sequence
from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.core.spec import ResultColumn
from agentskiller_assets.tasks.models import ValidatedTask
from agentskiller_assets.tau2.content import Case, Content
from agentskiller_assets.tau2.models import Action, Criteria, Description, Instructions, RewardType, Scenario, Tau2Task
from agentskiller_assets.tau2.names import TRANSFER_TOOL, domain_name
from agentskiller_assets.tau2.spoken import spoken_forms

Answer = tuple[ResultColumn, Any]


def write_tasks(content: Content) -> list[Tau2Task]:
    """All certified tasks with a query whose gold tau2 can tell from doing nothing."""
    return [_task(content, case) for case in content.cases() if _leaves_a_trace(case.task)]


def _leaves_a_trace(task: ValidatedTask) -> bool:
    """Whether the gold state differs from the first one: the caller is identified, or handed over."""
    return bool(task.instance.steps) or task.task_kind == "insufficient"


def _task(content: Content, case: Case) -> Tau2Task:
    return Tau2Task(
        id=case.task.id,
        description=Description(
            purpose=_purpose(content, case),
            relevant_policies="\n".join(_policies(content, case.task)) or None,
            notes=_notes(case),
        ),
        user_scenario=Scenario(persona=_persona(case), instructions=_instructions(content, case)),
        evaluation_criteria=_criteria(content, case),
    )


def _purpose(content: Content, case: Case) -> str:
    """What the task is a test of, in one sentence."""
    task, spec = case.task, content.spec
    match task.task_kind:
        case "fulfil":
            titles = [spec.tool(step.tool).title for step in task.instance.steps if step.purpose == "goal"]
            done = language.join_words(map(language.small, titles))
            return f"The agent does what was asked for, and nothing else: {done}."
        case "inform":
            labels = [f"the {language.label(column.name)}" for column, _ in _answers(content, task)]
            return f"The agent looks up and tells {language.join_words(labels)}."
        case "refuse":
            titles = [spec.tool(goal.tool).title for goal in case.template.goals if goal.tool]
            cause = _unidentified(content, task) or "a rule of the policy forbids it"
            return f"The agent refuses, because {cause}: {language.join_words(map(language.small, titles))}."
        case "insufficient":
            if (table := case.template.missing_row) is None:
                return "The agent hands over to a human colleague, because no tool can do what is asked for."
            noun = spec.table(table).title
            return f"The agent hands over to a human colleague, because there is no such {noun}."


def _policies(content: Content, task: ValidatedTask) -> list[str]:
    """The sentences of the policy that decide the task."""
    if task.task_kind == "insufficient":
        found = [content.clause(None, "ESCALATION")]
    elif task.task_kind == "refuse":
        found = [content.clause(None, "IDENTITY") if task.instance.unidentified else _broken_rule(content, task)]
    else:
        goals = [content.spec.tool(step.tool) for step in task.instance.steps if step.purpose == "goal"]
        found = [refusal.statement for tool in goals for refusal in tool.refusals]
    return list(dict.fromkeys(filter(None, found)))


def _broken_rule(content: Content, task: ValidatedTask) -> str | None:
    """The rule that the request would break."""
    if task.instance.probe is None:
        return None
    refusals = content.spec.tool(task.instance.probe.tool).refusals
    return next((refusal.statement for refusal in refusals if refusal.code == task.instance.refusal), None)


def _unidentified(content: Content, task: ValidatedTask) -> str | None:
    """What is wrong where the caller lacks what one of two services asks for; None in any other case."""
    if not (task.instance.unidentified and task.instance.probe):
        return None
    role = content.spec.table(content.spec.role_of(content.spec.tool(task.instance.probe.tool)))
    return f"the caller cannot be identified as {language.article(role.title)}"


def _notes(case: Case) -> str:
    mutants = f"doing nothing and {language.count(len(case.task.certificate.mutants), 'mutant')}"
    return f"Kind: {case.task.task_kind}. Certificate: {mutants} of the gold calls score 0. Query: {case.query.id}."


def _persona(case: Case) -> str:
    persona = case.person.persona
    return (
        f"{case.person.full_name} is {persona.tone} and {persona.patience}, {persona.detail}, and"
        f" {persona.proficiency}."
    )


def _instructions(content: Content, case: Case) -> Instructions:
    query = case.query
    return Instructions(
        domain=domain_name(content.spec.domain),
        reason_for_call=f"You begin with: “{query.first_message}”",
        known_info=_lines([f"You are {case.person.full_name}.", *(f"{f.label}: {f.text}" for f in query.known_info)]),
        unknown_info=_lines(query.unknown_info),
        task_instructions=_lines([query.instruction, *query.stop_conditions]),
    )


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(texts)


def _criteria(content: Content, case: Case) -> Criteria:
    answers = _answers(content, case.task)
    spoken = [text for column, value in answers for text in spoken_forms(value, column)]
    basis: tuple[RewardType, ...] = ("DB", "COMMUNICATE") if spoken else ("DB",)
    return Criteria(
        actions=tuple(_actions(content, case)),
        communicate_info=tuple(dict.fromkeys(spoken)),
        nl_assertions=tuple(_assertions(content, case.task)) or None,
        reward_basis=basis,
    )


def _actions(content: Content, case: Case) -> list[Action]:
    found = [
        Action(
            action_id=f"step_{number}",
            name=step.tool,
            arguments=step.values(),
            info=f"{content.spec.tool(step.tool).title}.",
        )
        for number, step in enumerate(case.task.instance.steps, start=1)
    ]
    if case.task.task_kind == "insufficient":
        summary = {"summary": f"{case.person.full_name}: {case.query.first_message}"}
        number, info = len(found) + 1, "Hand over to a human colleague. The summary is free."
        found.append(
            Action(action_id=f"step_{number}", name=TRANSFER_TOOL, arguments=summary, info=info, compare_args=())
        )
    return found


def _assertions(content: Content, task: ValidatedTask) -> list[str]:
    """What the agent has to say, for a judge: tau2's comparison of states does not hear it."""
    if task.task_kind == "refuse":
        return [f"The agent says that the request cannot be carried out, and why: {_reason(content, task)}"]
    return [
        f"The agent tells the {language.label(column.name)}: {language.say(value, column)}."
        for column, value in _answers(content, task)
    ]


def _reason(content: Content, task: ValidatedTask) -> str:
    cause = _unidentified(content, task)
    return language.sentence(cause) if cause else str(_broken_rule(content, task))


def _answers(content: Content, task: ValidatedTask) -> list[Answer]:
    """The values that must be told, with the result columns in which they were found."""
    if not task.instance.answers:
        return []
    columns = {column.name: column for column in content.spec.tool(task.instance.steps[-1].tool).returns.columns}
    return [(columns[name], value) for _, name, value in task.instance.answers]
