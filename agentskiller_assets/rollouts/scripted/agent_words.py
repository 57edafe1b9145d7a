"""What scripted agents say, in three voices. `{asked}`, `{request}` and the like are filled in."""

VOICES = ("warm", "plain", "formal")

ASK_IDENTITY = {
    "warm": (
        "Happy to help! So that I can find you in our records, could you tell me {asked}?",
        "Of course, let's get that sorted. May I have {asked} first?",
        "I'll gladly look into that. Before I do, could you give me {asked}?",
        "Thanks for getting in touch! To make sure I'm looking at the right record, what's {asked}?",
        "Sure thing. Could I just get {asked} to find you?",
    ),
    "plain": (
        "I can look into that. Please tell me {asked}.",
        "To start, I need {asked}.",
        "Sure. Could you give me {asked}?",
        "Let me find you first. What's {asked}?",
        "No problem. First, {asked}, please?",
    ),
    "formal": (
        "Thank you for contacting us. May I ask for {asked} to verify who you are?",
        "I will be pleased to assist. Could you please provide {asked}?",
        "Certainly. For verification, would you kindly tell me {asked}?",
        "Before I can assist you, I need to identify you. Please state {asked}.",
        "Thank you. In order to proceed, may I have {asked}?",
    ),
}
ASK_OTHER_IDENTITY = {
    "warm": (
        "For {service} I have to look you up separately. Could you tell me {asked}?",
        "{Service} keeps its own records, so could I also get {asked}?",
        "That one is with {service}. To find you there, I also need {asked}, please?",
    ),
    "plain": (
        "For {service}, I also need {asked}.",
        "{Service} identifies you separately. What's {asked}?",
        "Next is {service}. Please give me {asked} for that.",
    ),
    "formal": (
        "As {service} keeps separate records, may I also ask for {asked}?",
        "To proceed with {service}, I must verify you there as well. Please provide {asked}.",
        "For {service}, a further verification is required. Would you tell me {asked}?",
    ),
}
STILL_NEED = {
    "warm": (
        "Thanks! And could you also tell me {asked}?",
        "Great, and {asked}?",
        "Got it. I'd just need {asked} too.",
    ),
    "plain": ("And {asked}?", "I also need {asked}, please.", "Thanks. What about {asked}?"),
    "formal": (
        "Thank you. May I also ask for {asked}?",
        "I also require {asked}, please.",
        "Thank you; and {asked}, please?",
    ),
}
IDENTIFIED = {
    "warm": (
        "Thank you, {name}, I've found you.",
        "Lovely, thanks, {name}.",
        "Great, {name}, I have your record here.",
        "Thanks so much, {name}.",
    ),
    "plain": ("Thanks, {name}.", "Found you, {name}.", "Thank you, {name}.", "All right, {name}."),
    "formal": (
        "Thank you, {name}.",
        "Thank you for the verification, {name}.",
        "I have located your record, {name}.",
        "That matches our records, {name}.",
    ),
}
ASK_REQUEST = {
    "warm": (
        "What exactly would you like me to do?",
        "So, what can I do for you?",
        "Now, how can I help?",
        "Tell me, what would you like to get done?",
    ),
    "plain": ("What do you need?", "What can I do for you?", "What would you like to do?", "What is it about?"),
    "formal": (
        "How may I assist you?",
        "What would you like me to arrange?",
        "Please tell me what I can do for you.",
        "What may I do for you today?",
    ),
}
ASK_DETAIL = {
    "warm": (
        "Could you tell me {asked}?",
        "May I ask {asking}?",
        "One thing I need to know is {asked}. Could you tell me?",
        "And could you let me know {asked}?",
    ),
    "plain": (
        "Please tell me {asked}.",
        "Can you tell me {asked}?",
        "I need to know {asked}, please.",
        "Could you tell me {asked}?",
    ),
    "formal": (
        "May I ask {asking}?",
        "Could you please tell me {asked}?",
        "Would you let me know {asked}?",
        "I would need to know {asked}, please.",
    ),
}
CHOOSE = {
    "warm": (
        "I can see {count} here: {options}. Which one do you mean?",
        "You have {count}: {options}. Which one is it?",
        "Here's what I found, {count}: {options}. Which one would it be?",
    ),
    "plain": (
        "There are {count}: {options}. Which one is it?",
        "I find {count}: {options}. Which one?",
        "{Count}: {options}. Which one do you mean?",
    ),
    "formal": (
        "Our records show {count}: {options}. Which one does your request concern?",
        "I see {count} on record: {options}. Which one is meant, please?",
        "There are {count} on record: {options}. May I ask which one you mean?",
    ),
}
ASK_ROW = {
    "warm": (
        "Which {title} do you mean?",
        "Could you tell me a bit more about which {title} it is?",
        "And which {title} is it about?",
    ),
    "plain": ("Which {title} is it?", "Which {title} do you mean?", "Please tell me which {title} it is about."),
    "formal": (
        "May I ask which {title} you mean?",
        "Which {title} does this concern?",
        "Could you please specify which {title} it is?",
    ),
}
CONFIRM = {
    "warm": (
        "Let me just read that back: you'd like to {request}. Shall I go ahead?",
        "So that would be: {request}. Does that sound right?",
        "Just to be sure I've got it: you want to {request}. Is that right?",
        "To sum up, you'd like to {request}. May I go ahead?",
    ),
    "plain": (
        "So you want to {request}. Shall I do that?",
        "To confirm: {request}. Is that correct?",
        "You'd like to {request}. OK to go ahead?",
        "That means: {request}. Should I go ahead?",
    ),
    "formal": (
        "Allow me to confirm: you wish to {request}. May I proceed?",
        "Before I make this change, please confirm: you would like to {request}. Is that correct?",
        "As I understand it, you would like to {request}. Do you agree?",
        "For confirmation: {request}. Shall I proceed with it?",
    ),
}
CONFIRM_AGAIN = {
    "warm": (
        "No problem at all! So now it's: {request}. Shall I go ahead?",
        "Sure, I've changed that. You'd like to {request}. Is that right now?",
    ),
    "plain": ("Understood. So: {request}. Shall I do that?", "Changed. Now you want to {request}. Correct?"),
    "formal": (
        "Thank you for the correction. You wish to {request}. May I proceed?",
        "I have noted that. You would like to {request}. Is that correct now?",
    ),
}
WITH_DETAILS = "{request} ({details})"
DONE = {
    "warm": (
        "All done!",
        "That's all taken care of.",
        "Done, everything went through.",
        "Perfect, that's sorted.",
        "There we go, that's done.",
    ),
    "plain": ("Done.", "That's done.", "It went through.", "That's taken care of.", "OK, that's in."),
    "formal": (
        "This has been done.",
        "The change has been made.",
        "I have completed that for you.",
        "Your request has been carried out.",
        "That has been arranged.",
    ),
}
REFERENCE = {
    "warm": ("Your number for it is {key}.", "The reference is {key}, in case you need it."),
    "plain": ("The number is {key}.", "Reference: {key}."),
    "formal": ("The reference number is {key}.", "For your records, the number is {key}."),
}
TELL = {
    "warm": ("Here you go. {answer}", "I've looked that up for you. {answer}", "{answer}"),
    "plain": ("{answer}", "I looked it up. {answer}", "Here it is. {answer}"),
    "formal": ("I have consulted our records. {answer}", "{answer}", "I have checked this for you. {answer}"),
}
ANYTHING_ELSE = {
    "warm": (
        "Is there anything else I can do for you?",
        "Anything else I can help with?",
        "Can I help you with anything else today?",
    ),
    "plain": ("Anything else?", "Is there anything else?", "Do you need anything else?"),
    "formal": (
        "May I assist you with anything else?",
        "Is there anything else I can do for you?",
        "Would there be anything else?",
    ),
}
REFUSE = {
    "warm": (
        "I'm really sorry, but I can't do that for you. {statement}",
        "I wish I could, but that isn't possible here. {statement}",
        "I'm afraid I can't do this one, and I'd rather tell you why: {statement}",
        "Oh, I'm sorry, that won't work. Here is the reason: {statement}",
    ),
    "plain": (
        "I can't do that. {statement}",
        "Sorry, that isn't possible. {statement}",
        "That can't be done, and the reason is this: {statement}",
        "I'm sorry, I can't. The rule is: {statement}",
    ),
    "formal": (
        "I regret that I cannot carry this out. {statement}",
        "Unfortunately, this is not possible. {statement}",
        "I am sorry to say that our rules do not allow this. {statement}",
        "I am afraid that I am unable to do so. The applicable rule reads: {statement}",
    ),
}
REFUSE_AGAIN = {
    "warm": (
        "I do understand, and I'm sorry. I still can't make an exception, though: {statement}",
        "I hear you, but I'm not able to get around this. {statement}",
    ),
    "plain": ("I can't make an exception. {statement}", "Sorry, the rule stands: {statement}"),
    "formal": (
        "I understand your position, but I cannot make an exception. {statement}",
        "I regret that the rule applies without exception: {statement}",
    ),
}
NOT_FOUND = {
    "warm": (
        "Hm, I've looked, but I can't find {row}. Do you have any other detail?",
        "I'm sorry, I don't see {row} in your records. Do you remember any other detail of it?",
    ),
    "plain": (
        "I can't find {row}. Any other details?",
        "There's no sign of {row} on your record. Do you know anything more about it?",
    ),
    "formal": (
        "I regret that I cannot find {row} in our records. Could you give me any further detail?",
        "Our records do not show {row}. Do you have further information?",
    ),
}
HAND_OVER = {
    "warm": (
        "I can't do this myself, so I'm handing you over to a human colleague who will take it from here.",
        "That's something I can't do with what I have, but I'm transferring you to a human colleague now.",
        "This goes beyond what I can do, I'm sorry! I'm passing you on to a human colleague right away.",
    ),
    "plain": (
        "I can't do that from here. I'm transferring you to a human colleague.",
        "That's outside of what I can do, so I'm handing you over to a human colleague.",
        "A human colleague has to look at this. I'm passing you on now.",
    ),
    "formal": (
        "As this lies outside of what I can arrange, I am transferring you to a human colleague.",
        "I am unable to resolve this myself and am handing you over to a human colleague.",
        "This requires a human colleague, to whom I am passing you on now.",
    ),
}
GOODBYE = {
    "warm": (
        "You're very welcome. Have a lovely day!",
        "Glad I could help. Take care!",
        "Thanks for getting in touch, and all the best!",
        "My pleasure. Bye for now!",
    ),
    "plain": ("You're welcome. Goodbye.", "All right. Have a good day.", "OK. Bye.", "Thanks for getting in touch."),
    "formal": (
        "Thank you for contacting us. Goodbye.",
        "It was a pleasure to assist you. Good day.",
        "Thank you. I wish you a pleasant day.",
        "You are welcome. Goodbye.",
    ),
}
CANNOT_GO_ON = "I'm sorry, something is wrong on our side, so I'm handing you over to a human colleague."
