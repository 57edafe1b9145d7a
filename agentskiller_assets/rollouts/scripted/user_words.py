"""What scripted users say, by the tone of their persona. `{said}`, `{request}` and the like are filled in."""

REQUEST = {
    "friendly": (
        "I'd like to {request}, please.",
        "I was hoping to {request}.",
        "What I need is this: I'd like to {request}.",
        "I'd be glad if I could {request}.",
        "Could you help me with this? I'd like to {request}.",
    ),
    "formal": (
        "I would like to {request}.",
        "I wish to {request}, please.",
        "My request is the following: I would like to {request}.",
        "I should like to {request}, if I may.",
        "I would ask for your help, as I wish to {request}.",
    ),
    "brisk": (
        "I want to {request}.",
        "I need to {request}.",
        "I'd like to {request}.",
        "Simple thing: I want to {request}.",
        "I want to {request}, please.",
    ),
    "chatty": (
        "So, what I'd like is to {request}.",
        "Well, I've been meaning to {request}.",
        "Right, so the thing is, I want to {request}.",
        "OK, here's the story: I'd like to {request}.",
        "You see, I was wondering if I could {request}.",
    ),
}
NEXT_REQUEST = {
    "friendly": (
        "Yes, there's something else: I'd also like to {request}.",
        "Thank you! I'd also like to {request}.",
        "Great, thanks. Could I also {request}?",
        "Yes, please. I was also hoping to {request}.",
    ),
    "formal": (
        "Yes, I would also like to {request}.",
        "Thank you. I furthermore wish to {request}.",
        "There is a further matter: I would like to {request}.",
        "Indeed there is. I should also like to {request}.",
    ),
    "brisk": (
        "Yes. I also want to {request}.",
        "Next: I need to {request}.",
        "Something else: I want to {request}.",
        "Also, I want to {request}.",
    ),
    "chatty": (
        "Oh, while I have you: I'd also like to {request}.",
        "Yes, actually! I also wanted to {request}.",
        "Lovely. And before I forget, I'd also like to {request}.",
        "There was something else, wait... yes, I want to {request}.",
    ),
}
MY_DETAIL = {
    "friendly": ("Sure, {subject} is {said}.", "{Subject} is {said}.", "It's {said}.", "Of course, it's {said}."),
    "formal": ("{Subject} is {said}.", "Certainly. {Subject} is {said}.", "It is {said}."),
    "brisk": ("{Said}.", "It's {said}.", "{Said}, thanks."),
    "chatty": (
        "Let me see, {subject} is {said}.",
        "That'd be {said}.",
        "OK, {subject} is {said}.",
        "Oh yes, it's {said}.",
    ),
}
MY_DETAILS = {
    "friendly": ("Sure: {said}.", "Of course, {said}.", "Here you go: {said}."),
    "formal": ("Certainly: {said}.", "Of course. {Said}.", "{Said}."),
    "brisk": ("{Said}.", "OK: {said}."),
    "chatty": ("Let me think. {Said}.", "All right, so {said}.", "Right, {said}."),
}
DETAIL = {
    "friendly": ("{Said}, please.", "That would be {said}.", "Let's say {said}.", "{Said}, if that's OK."),
    "formal": ("{Said}, please.", "That would be {said}.", "It should be {said}.", "{Said}."),
    "brisk": ("{Said}.", "{Said}, thanks.", "{Said}, please."),
    "chatty": (
        "Hmm, {said}, I'd say.",
        "Oh, {said}, please.",
        "Let's see: {said}.",
        "Well, {said}.",
    ),
}
ROW = {
    "friendly": ("It's {said}.", "I mean {said}.", "That would be {said}."),
    "formal": ("I mean {said}.", "It concerns {said}.", "I am referring to {said}."),
    "brisk": ("{Said}.", "I mean {said}.", "It's {said}."),
    "chatty": ("Oh, I mean {said}.", "Right, it's about {said}.", "What I have in mind is {said}."),
}
SLIP = {
    "friendly": ("Sorry, I got that wrong: {said}.", "Oh, I mixed that up, I meant {said}."),
    "formal": ("I must correct myself: {said}.", "Pardon me, I meant {said}."),
    "brisk": ("Correction: {said}.", "No, wait, {said}."),
    "chatty": ("Oh dear, I said that wrong. It's {said}, of course.", "Silly me, I meant {said}."),
}
CHANGE_OF_MIND = {
    "friendly": (
        "Hm, on second thought, could we make it {said}?",
        "Actually, I'd prefer {said}, if that's all right.",
    ),
    "formal": ("On reflection, I would prefer {said}.", "I have reconsidered: {said}, please."),
    "brisk": ("Actually, no. Make it {said}.", "Changed my mind: {said}."),
    "chatty": (
        "You know what, let me think again. I'd rather have {said}.",
        "Oh, hang on, now that I hear it, let's do {said} instead.",
    ),
}
LATE = {
    "friendly": (
        "{first} Sorry, somebody is at the door.",
        "{first} I'm with you for the rest in a second.",
    ),
    "formal": ("{first} Please excuse me for a moment.", "{first} Allow me a moment for the rest."),
    "brisk": ("{first} Rest in a sec.", "{first} Hold on, phone's ringing."),
    "chatty": (
        "{first} Hold on, the kettle is boiling over.",
        "{first} And the rest, wait, the cat is on the keyboard again.",
    ),
}
YES = {
    "friendly": ("Yes, please!", "Yes, that's right, thank you.", "Yes, that sounds good.", "Perfect, yes, go ahead."),
    "formal": ("Yes, that is correct.", "Yes, please proceed.", "Yes, I agree.", "That is correct, please go ahead."),
    "brisk": ("Yes.", "Yep, do it.", "Correct.", "Yes, go ahead."),
    "chatty": (
        "Yes, that's exactly it, go ahead.",
        "Oh yes, please do.",
        "Yes, you've got it, that's right.",
        "Sounds right to me, yes please.",
    ),
}
NOTHING_ELSE = {
    "friendly": (
        "No, that's everything. Thank you so much!",
        "That was all, thanks a lot!",
        "No, that's all. You've been a great help.",
    ),
    "formal": (
        "No, that is all. Thank you.",
        "Nothing else, thank you for your assistance.",
        "That would be all. Thank you.",
    ),
    "brisk": ("No, that's it. Thanks.", "Nope. Thanks.", "That's all, thanks."),
    "chatty": (
        "No, that's the lot for today, thanks ever so much.",
        "I think that's everything, thank you for your patience.",
        "No, nothing else, I can get on with my day now. Thanks!",
    ),
}
INSIST = {
    "friendly": (
        "Oh, that's a pity. Couldn't you make an exception, just this once?",
        "Is there really no way around it?",
    ),
    "formal": ("Is an exception not possible?", "May I ask whether this rule can be waived?"),
    "brisk": ("Come on, can't you make an exception?", "No way around it?"),
    "chatty": (
        "Oh no, really? Isn't there some little trick you could use?",
        "My neighbour said you'd surely make an exception. Can't you?",
    ),
}
ACCEPT = {
    "friendly": (
        "All right, I understand. Thanks for explaining.",
        "OK, that makes sense. Thank you anyway!",
        "Fair enough, thanks for telling me.",
    ),
    "formal": (
        "I understand. Thank you for the explanation.",
        "Very well, I accept that. Thank you.",
        "I see. Thank you for making that clear.",
    ),
    "brisk": ("OK, got it.", "Fine. Thanks.", "All right then."),
    "chatty": (
        "Oh well, can't be helped. Thanks for explaining it to me.",
        "Right, I suppose rules are rules. Thanks anyway.",
        "Ah, OK, I didn't know that. Thanks!",
    ),
}
NO_MORE = {
    "friendly": ("I'm sorry, that's all I know.", "No, I'm afraid I have nothing else."),
    "formal": ("I have no further details, I regret.", "No, that is all the information I have."),
    "brisk": ("No, that's all I have.", "Don't know more than that."),
    "chatty": ("Hm, no, I've really told you all I know.", "No idea, I'm afraid, that's all I remember."),
}
DO_NOT_HAVE = {
    "friendly": ("I'm sorry, I don't have that for them.", "Oh, I'm afraid I can't give you that."),
    "formal": ("I regret that I do not have that information.", "I am not able to provide that."),
    "brisk": ("I don't have that.", "Can't give you that, don't have it."),
    "chatty": (
        "Oh dear, I really don't have that on me.",
        "No, that I can't give you, I wouldn't know where to look.",
    ),
}
NOT_TO_HAND = {
    "friendly": ("I'm sorry, I don't have the {thing} with me.", "Oh, I'm afraid I can't find the {thing} right now."),
    "formal": ("I regret that I do not have the {thing} at hand.", "I am unable to give you the {thing} at present."),
    "brisk": ("Don't have the {thing} on me.", "Can't find the {thing}."),
    "chatty": (
        "Oh dear, I must have left the {thing} at home.",
        "Now where did I put the {thing}? I can't find it.",
    ),
}
FORGOTTEN = {
    "friendly": (
        "I'm sorry, I don't remember which {thing} I gave them.",
        "Oh, I'm not sure which {thing} they have for me.",
    ),
    "formal": (
        "I regret that I do not recall which {thing} they have on record.",
        "I am not certain which {thing} I gave them.",
    ),
    "brisk": ("No idea which {thing} they have.", "Don't know which {thing} I gave them."),
    "chatty": (
        "Oh, which {thing} did I give them? I really couldn't say.",
        "Hm, that was so long ago, I don't remember which {thing} I gave them.",
    ),
}
FREE_TEXT = {
    "friendly": ("{Said}.", "I'd put it like this: {said}.", "In a few words: {said}."),
    "formal": ("{Said}.", "In brief: {said}."),
    "brisk": ("{Said}.", "In short: {said}."),
    "chatty": ("Well, how shall I say? {Said}.", "How do I put this? {Said}.", "{Said}, that's about it."),
}
