"""The person table that every domain shares: one identity for each person of the population.

Phone numbers and e-mail addresses are kept apart by the rules of the tools that change them, not by UNIQUE: a
certificate removes a rule to prove that nothing else refuses the call.
"""

from agentskiller_assets.core.spec import Column, Table

PERSON = Table(
    name="person",
    kind="person",
    title="person",
    description="People, each with one identity that all services share.",
    key="person_id",
    id_prefix="PER",
    columns=(
        Column(name="person_id", type="id", description="Identifies the person."),
        Column(name="first_name", type="text", maximum=60, description="First name."),
        Column(name="last_name", type="text", maximum=60, description="Last name."),
        Column(name="full_name", type="text", maximum=121, description="First and last name."),
        Column(name="date_of_birth", type="date", tag="date_of_birth", description="Date of birth."),
        Column(name="email", type="email", tag="email", description="E-mail address."),
        Column(name="phone", type="phone", tag="phone", description="Phone number."),
        Column(name="street_address", type="text", maximum=120, description="Street and house number."),
        Column(name="city", type="text", maximum=60, tag="city", description="City."),
    ),
)
