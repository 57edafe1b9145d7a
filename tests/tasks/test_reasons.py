"""What shows the reason of a refusal, as `python -m tests.bench.reasons` counts it."""

import pytest

from tests.bench.reasons import BY_CONVERSATION, BY_NONE, BY_OTHERS, BY_POLICY, shown_by
from tests.world import clinic


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("APPOINTMENT_TOO_SOON", BY_POLICY),  # the date that is asked for
        ("CONFIRMATION_TOO_EARLY", BY_CONVERSATION),  # the list of appointments shows when it starts
        ("TOO_MANY_OPEN_APPOINTMENTS", BY_OTHERS),  # the patient's appointments are not looked up in order to book
        ("ALREADY_RATED", BY_NONE),  # nobody can look up ratings
    ],
)
def test_the_least_that_shows_a_reason(code: str, what: str) -> None:
    tasks = [task for task in clinic().validated_tasks if task.instance.refusal == code]
    assert {shown_by(clinic().environment, task.instance) for task in tasks} == {what}
