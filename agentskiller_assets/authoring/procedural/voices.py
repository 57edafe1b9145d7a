"""How people of each tone, patience, habit and proficiency speak: the tables that `wording` draws from."""

GREETINGS = {
    "friendly": ("Hi", "Hello", "Hi there", "Good morning", "Hello there"),
    "formal": ("Good morning", "Good day", "Hello"),
    "brisk": ("Hello", "Hi", "Morning", "Hey"),
    "chatty": ("Hi", "Hello", "Hi there", "Oh, hello", "Good morning"),
}
"""Short greetings. They may run on into the request: `Hi, I'd like to ...`."""

INTRODUCTIONS = {
    "friendly": ("This is {}.", "I'm {}.", "It's {} here."),
    "formal": ("My name is {}.", "This is {} speaking."),
    "brisk": ("{} here.", "This is {}."),
    "chatty": ("It's {} here.", "This is {}.", "{} here."),
}
"""What somebody who gives details freely may begin with."""

OPENINGS = {
    "friendly": (
        "I hope you can help me.",
        "Nice to reach someone.",
        "I hope you're having a good day.",
        "Could you help me with something?",
        "Thanks for being there.",
        "I have a quick favour to ask.",
        "I think you can help me with this.",
        "I hope I've come to the right place.",
    ),
    "formal": (
        "Thank you for taking my request.",
        "I would be grateful for your help.",
        "I should like to ask for your assistance.",
        "May I ask for your help?",
        "I hope you can assist me with a small matter.",
        "There is something I would like to arrange.",
    ),
    "brisk": (),
    "chatty": (
        "I finally found a minute to get in touch.",
        "I meant to get in touch days ago.",
        "I've just sat down with a cup of coffee, so here goes.",
        "I had this on my list all weekend.",
        "My family keeps telling me to sort this out.",
        "I nearly forgot about this, to be honest.",
        "It's a bit hectic here, so forgive me if I ramble.",
        "I've been going round in circles about this.",
        "I was just telling a neighbour about you.",
        "I've been meaning to do this since breakfast.",
        "I promised myself to get this done today.",
        "You wouldn't believe how full my desk is.",
        "The bus is late, so I might as well do this now.",
    ),
}
"""Remarks between the greeting and the request. A message holds at most one remark of any kind, or a name."""

HURRY = {
    "friendly": (
        "Sorry to rush you, but I only have a few minutes.",
        "I have to leave soon, if that's all right.",
        "I'm a little short of time today.",
        "It would be lovely if this didn't take long.",
        "I'm on my break, so I haven't got long.",
    ),
    "formal": (
        "I would appreciate a prompt answer.",
        "I am afraid I have little time.",
        "I am expected elsewhere shortly.",
        "I should be grateful if this could be dealt with quickly.",
        "My next appointment is in a few minutes.",
    ),
    "brisk": (
        "I'm short of time.",
        "Can we be quick?",
        "I've got five minutes.",
        "Let's keep this short.",
        "I have to run in a moment.",
    ),
    "chatty": (
        "I'm half out of the door already, so let's be quick.",
        "I could talk all day, but I have to catch a train.",
        "My break is almost over, I'm afraid.",
        "I've got someone waiting downstairs, so I can't be long.",
        "I'm between two meetings, as always.",
    ),
}
NEW_HERE = {
    "friendly": (
        "I don't do this often.",
        "You may have to tell me how this works.",
        "It's new to me, so please bear with me.",
        "I hope I'm asking the right person.",
    ),
    "formal": (
        "I am not familiar with the procedure.",
        "Please tell me what you need from me.",
        "I have not done this before.",
        "I would be glad if you could guide me through it.",
    ),
    "brisk": ("I haven't done this before.", "How does this work?", "Tell me what you need.", "First time for me."),
    "chatty": (
        "I've never done this before, so you may have to hold my hand a little.",
        "I have no idea how this works, I must admit.",
        "My friends all know how this goes, but I don't.",
        "I'm a bit lost with these things, so be patient with me.",
    ),
}

MANNERS = {
    "friendly": ("are friendly and easy to talk to", "are warm and say thank you often", "are cheerful and polite"),
    "formal": (
        "are polite and choose your words with care",
        "speak formally and in full sentences",
        "are courteous and a little reserved",
    ),
    "brisk": ("are brief and to the point", "use few words", "say what you have to say and no more"),
    "chatty": (
        "like to talk and add a remark here and there",
        "chat easily and stray from the subject now and then",
        "like to tell a little story along the way",
    ),
}
PROFICIENCY = {
    "knows the service well": ("know how the service works", "have used the service many times"),
    "uses the service now and then": ("use the service now and then", "have used the service a few times"),
    "is new to the service": ("have not used the service much", "are not sure how the service works"),
}
PATIENCE = {
    "patient": ("You have time and do not mind questions", "You are not pressed for time", "You are patient"),
    "in a hurry": (
        "You are in a hurry and say so when things take long",
        "You are in a hurry and would rather not repeat yourself",
        "You are in a hurry and like quick answers",
    ),
}
DETAIL = {
    "gives details freely": (
        "You give details as soon as they seem useful.",
        "You offer details without being asked.",
        "You do not wait to be asked for details.",
    ),
    "gives details when asked": (
        "You give a detail only when you are asked for it.",
        "You leave it to the agent to ask for details.",
        "You wait for the agent's questions before you give details.",
    ),
}
FIRST = ("You want to {}.", "You are getting in touch because you want to {}.", "Today you want to {}.")
THEN = (
    "After that, you want to {}.",
    "Once that is done, you want to {}.",
    "Then you also want to {}.",
    "Next, you want to {}.",
    "When that is settled, you want to {}.",
)
ENDINGS = {
    "fulfil": (
        "You agree when the details that are read back to you are right.",
        "You say yes when what is read back to you is what you asked for.",
        "If the agent sums it up correctly, you say yes.",
    ),
    "inform": (
        "You only want to know; nothing is to be changed.",
        "You want the answer and no change to anything.",
        "The answer is all you need; everything else stays as it is.",
    ),
    "refuse": (
        "If you are told why it cannot be done, you accept that and ask for nothing else.",
        "You insist once at most; a clear reason is enough for you, and you want nothing else instead.",
        "A clear reason why it is not possible satisfies you, and you do not ask for anything else.",
    ),
    "unsupported": (
        "If the agent cannot do this, you accept being handed over to a human colleague.",
        "If this is not possible here, being passed on to a person is fine with you.",
        "You want nothing else, and you do not mind being transferred to somebody who can decide about it.",
    ),
    "not found": (
        "You are sure of these details and have no others. If nothing fits them, you accept being handed over to a "
        "human colleague.",
        "That is all you remember of it. If it cannot be found, being passed on to a person is fine with you.",
        "You stand by these details. If nothing like it is found, you do not mind being transferred to a person.",
    ),
}
"""By kind of task. Insufficient ones are of two kinds: no tool does what is asked, or nothing fits the description."""
