package portal

// words are what a customer reads, in one language.
type words struct {
	lang, otherLang, otherName string
	// day is how a day is written, as package time has it.
	day string

	forged, trouble string

	footPage, footAsk, footShort, footShortAsk string
	good, bad                                  string

	title, yourQuestion                                                 string
	waiting, waitingWith, beingAnswered, answered, withYou, ended, over string
	promised, promisedLate, by, written                                 string
	more, moreWhy, codeSend, codeSent, codeLabel, codeEnter             string
	codeWrong, codeOver, codeMany, codeNoWay, codeFailed                string
	gone, goneWhy, notFound, notFoundWhy, tooMany                       string

	conversation, you, us, receipt, erased, expired, files, none string
	writeAgain, writeLabel, send, writeSent, writeEmpty, tooLong string

	kept, keptLead, keptHow, keptEver, keptGood, days            string
	about, value, noValue                                        string
	valueStale, objected, objectLead, object, objectEnd          string
	channels, channelsLead, prefer, preferNone                   string
	allow, allowLead, save, saved                                string
	data, download, downloadLead, erase, eraseLead, eraseConfirm string
	eraseRunning, eraseDone, eraseDoneLead, noErase              string
	restricted, restrictedYou, restrictedThey, restrictedLead    string
	duties, dutiesLead, dutyAny, dutyUntil, dutyOpen             string
	linksLead, linksEnd, linksEnded, leave                       string
	moreWhyOne, whichWay, noWrite, unsaidYes, unsaidNo           string
	hidden, hiddenLead, hiddenWhy, hiddenNoWay, hiddenShow       string

	rate, rateLead, rateQuestion, rateFree, rateIdea, ratePost, rateThanks string
	rateThanksBad, rateMore, rateNothing, rateWhich                        string
	rateDoor, rateAlready, rateOnlyVote, rateMoreDoor, rateByLink          string
	back                                                                   string

	codeSubject, codeText string

	sources, fields, purposes, kinds, reasons, channelNames, proofs map[string]string
}

// Languages are those that the page speaks.
func Languages() []string { return []string{"en", "de"} }

// wordsOf gives the words of a language, or English ones.
func wordsOf(language string) *words {
	if len(language) >= 2 && language[:2] == "de" {
		return &german
	}
	return &english
}

//nolint:gochecknoglobals // a table
var english = words{
	lang: "en", day: "2 January 2006", otherLang: "de", otherName: "Deutsch",
	forged:       "This came from another site's page, so nothing was done. Open your link again.",
	trouble:      "Something went wrong here. It has been logged; try again in a few minutes.",
	footPage:     "See how your question stands, and what we keep about you:",
	footAsk:      "How was this answer?",
	footShort:    "Your question and your data:",
	footShortAsk: "How was this answer? Your question and your data:",
	good:         "Good", bad: "Not good",

	title: "Your question to us", yourQuestion: "Your question",
	waiting: "Your question has reached us and waits for somebody to answer it.", waitingWith: "%s has your question.",
	beingAnswered: "An answer is on its way to you.", answered: "We have answered you.", withYou: "We have asked you something and wait for your word.",
	ended: "This is closed. Write to us again if something is left.", over: "Nothing is open between us at the moment.",
	promised: "An answer is promised by %s.", promisedLate: "An answer was promised by %s. We are late: our people have been told.",
	by: "Who answers", written: "You wrote on %s.",
	more: "See everything", moreWhy: "So that nobody else can read this with a link that was passed on, we send a code of six digits to %s.",
	codeSend: "Send me a code", codeSent: "A code is on its way to %s. It holds for 15 minutes.", codeLabel: "The code of six digits", codeEnter: "Open my page",
	codeWrong: "That is not the code that we sent last. Look again, or ask for another.", codeOver: "This code can't be used any more. Ask for another.",
	codeMany:  "Too many codes were asked for. Try again in an hour, or answer one of our messages: a person will help you.",
	codeNoWay: "We know no private way to send you a code. Answer one of our messages: a person will help you.", codeFailed: "The code could not be sent now. Try again in a few minutes.",
	gone: "This link holds no longer", goneWhy: "Its time is over, or it was made invalid. Any new message of ours has a new one; you may write to us at any time.",
	notFound: "There is no such page", notFoundWhy: "Perhaps a part of the link is missing: copy all of it from our message.",
	tooMany: "That was too often. Try again in a few minutes.",

	conversation: "Our conversation", you: "You", us: "We", receipt: "automatic receipt", erased: "These words were erased.", expired: "These words are kept no longer.",
	files: "Files", none: "Nothing yet.",
	writeAgain: "Write to us again", writeLabel: "Your message", send: "Send", writeSent: "Your message has reached us.", writeEmpty: "Write something first.", tooLong: "That is longer than we can take: at most %d characters.",

	kept: "What we keep about you", keptLead: "Facts only, each with where it is from. We guess nothing about you.", keptHow: "How long",
	keptEver: "until you have it erased", keptGood: "for good; nobody can tell whose it was once you are erased", days: "%d days",
	about: "What we know of you", value: "From", noValue: "nothing is known",
	valueStale: "not up to date", objected: "You object to being scored, since %s: you are treated as the middle tier.", objectLead: "Your value and tier help to decide whose question comes first. You may object to that; you are then treated as the middle tier.",
	object: "I object to being scored", objectEnd: "I don't object any more",
	channels: "Where we reach you", channelsLead: "Answers go where you like them best, if that is possible.", prefer: "I like answers best by", preferNone: "where I wrote",
	save: "Save", allow: "What we may send you unasked", allowLead: "Answers to your own questions always come.", saved: "Saved.",
	data: "Your data", download: "Download everything", downloadLead: "All that is kept about you, as files that you and programs can read.",
	erase: "Erase everything about me", eraseLead: "All your messages, our answers and what we know of you. It can't be undone.", eraseConfirm: "Yes, erase everything",
	eraseRunning: "A question of yours is still open: erasing ends it without an answer.",
	restricted:   "Your data are out of use", restrictedYou: "On %s you asked us to erase everything about you.", restrictedThey: "On %s we were asked to erase everything about you.",
	restrictedLead: "What we may erase is erased. The rest we must keep, locked away: nobody sees it here, and nothing is done with it. It is erased by itself as soon as we need keep it no longer.",
	duties:         "What we must keep", dutiesLead: "We must keep some of it for now, also if you have everything erased. It is locked away then, out of use, and erased by itself after its last day.",
	dutyAny: "a legal obligation", dutyUntil: "%s: we must keep it until %s.", dutyOpen: "%s: we must keep it until that has ended. The day is not known yet.",
	eraseDone: "Everything about you is being erased", eraseDoneLead: "Nothing of it is shown any more. This page ends with it.", noErase: "Ask for it by a message to us: a person sees to it.",
	linksLead: "Did a link to this page fall into wrong hands? The next message of ours has a new one.", linksEnd: "Make all old links invalid", linksEnded: "All links until now are invalid.", leave: "Close my page on this device",

	rate: "How was this answer?", rateLead: "It is read by people, and reaches whoever answered you.", rateQuestion: "Your answer counts once you press the button.", rateFree: "A line, if you like",
	rateIdea: "This is a suggestion for you", ratePost: "Send", rateThanks: "Thank you! That reaches whoever answered you.", rateThanksBad: "Thank you for saying so. We look at it again: you get another answer by %s.",
	rateMore: "Would you like to add a line?", rateNothing: "Say good or not good, or write a line.", rateWhich: "There is no answer yet that could be rated.",
	moreWhyOne: "So that nobody else can read this with a link that was passed on, we send you a code of six digits.",
	whichWay:   "Where shall the code go?", noWrite: "We know no private way to answer you from here. Answer one of our messages instead.",
	unsaidYes: "you have said nothing: we may, until you say no", unsaidNo: "you have said nothing: we don't, until you say yes",
	hidden: "Other addresses that are probably yours", hiddenLead: "We treat you as one person with them. What was written there is shown here only once you have entered a code that we send there, so that nobody reads it who isn't you.",
	hiddenWhy: "We think so because %s.", hiddenNoWay: "We can send no code there. Write to us from there: a person will help you.", hiddenShow: "Send a code to %s",
	rateDoor: "To write a line, first open your page with a code: so nobody can write in your name.", rateAlready: "This answer was rated already. Only you can change that: open your page with a code first.",
	rateOnlyVote: "Nothing else is needed: your vote counts as you press the button.", rateMoreDoor: "Would you like to add a line, or to change your mind? Open your page with a code.", rateByLink: "Open my page",
	back: "Back",

	codeSubject: "Your code: %s",
	codeText:    "Your code for your page with us is %s.\n\nIt holds for 15 minutes. If you didn't ask for it, do nothing: nobody can see anything without it.\n",

	sources:      map[string]string{"import": "our customer list", "crm": "our customer system", "orders": "your orders", "message": "your messages", "agent": "one of us wrote it down", "customer": "you", "stated": "you", "learnt": "how you answered", "router": "your messages", "policy": "our rules"},
	fields:       map[string]string{"name": "Name", "language": "Language", "timezone": "Time zone", "customer_since": "Customer since", "external_id": "Customer number", "tags": "Marks", "value": "Your value to us", "tier": "Your tier", "orders": "Orders", "contacts": "Questions so far"},
	purposes:     map[string]string{"marketing": "offers and news", "feedback": "questions on how we were", "outreach": "first messages of ours, when you haven't asked us anything", "service": "messages about your orders and contracts"},
	kinds:        map[string]string{"messages": "Your messages", "originals": "Your messages as they came", "replies": "Our answers", "notes": "Remarks for colleagues", "quarantine": "What could not be read", "facts": "That and when you wrote, without words or addresses", "profile": "What we know of you"},
	reasons:      map[string]string{"messages": "to answer you, and to know what was said", "originals": "to prove what was sent, and to open files", "replies": "to know what we told you", "notes": "so that you need not explain anything twice", "quarantine": "so that nothing is lost", "facts": "to prove that every question was answered", "profile": "to know you, and to answer where you like it"},
	proofs:       map[string]string{"agent": "one of our people was told so", "token": "somebody answered a message from there that we had sent only to you", "same_address": "both use the same address", "signed_web": "you were logged in on our site", "code": "a code was entered", "import": "they stand together in our customer list"},
	channelNames: map[string]string{"email": "e-mail", "webchat": "chat", "slack": "Slack", "mastodon": "Mastodon", "bluesky": "Bluesky", "webhook": "message", "sms": "SMS", "phone": "telephone", "letter": "letter", "visit": "visit"},
}
