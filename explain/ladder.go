package explain

import (
	"stagecoach/ledger"
	"stagecoach/router"
	"stagecoach/router/sla"
)

// escalated tells a step of the ladder: which, and what it did or why nothing.
func (t *Teller) escalated(e *ledger.Entry) string {
	text := t.say("step %[1]s of the ladder: %[2]s", "Stufe %[1]s der Leiter: %[2]s", quoted(e.Detail.Step), t.action(e))
	if router.PromiseKind(e.Detail.Promise) == router.PromiseResolution {
		text = t.say("step %[1]s of the conversation's ladder: %[2]s", "Stufe %[1]s der Leiter des Gesprächs: %[2]s", quoted(e.Detail.Step), t.action(e))
	}
	if why := t.noEffect(router.StepOutcome(e.Detail.Outcome)); why != "" {
		text += t.say(", but %s", ", aber %s", why)
	}
	return text
}

func quoted(s string) string { return "\"" + s + "\"" }

// action tells what a step does.
func (t *Teller) action(e *ledger.Entry) string {
	switch e.Code {
	case sla.ActionWarn:
		if e.Agent == "" {
			return t.say("it is marked in its queue, as nobody has it", "im Vorrat hervorgehoben, da ihn niemand hat")
		}
		return t.say("%s is reminded", "%s wird erinnert", t.name(e.Agent))
	case sla.ActionReoffer:
		if e.Agent == "" {
			return t.say("it is offered again", "wird noch einmal angeboten")
		}
		return t.say("it is taken back from %s and offered to others first", "%s wird er abgenommen und zuerst anderen angeboten", t.name(e.Agent))
	case sla.ActionWiden:
		return t.say("less is asked of who takes it", "es wird weniger verlangt von dem, der ihn nimmt")
	case sla.ActionQueue:
		return t.say("it goes to the queue %s", "kommt in die Warteschlange %s", e.Detail.Queue)
	case sla.ActionLead:
		if e.Agent != "" {
			return t.say("%s is told", "%s wird verständigt", t.name(e.Agent))
		}
		return t.say("%s are told", "%s werden verständigt", or(e.Detail.LastResort))
	case sla.ActionOnCall:
		if e.Detail.LastResort == "" {
			return t.say("whoever is on call is told", "die Bereitschaft wird verständigt")
		}
		return t.say("%s, on call, is told", "die Bereitschaft %s wird verständigt", e.Detail.LastResort)
	}
	return t.code(e.Code)
}

// noEffect tells why a step has done nothing, "" where it has.
func (t *Teller) noEffect(o router.StepOutcome) string {
	switch o {
	case router.StepInReview:
		return t.say("it lies in review", "er liegt zur Durchsicht")
	case router.StepNobodyHas:
		return t.say("nobody has it", "niemand hat ihn")
	case router.StepAtWork:
		return t.say("its holder is writing", "es wird gerade daran geschrieben")
	case router.StepJustTaken:
		return t.say("its holder has only just taken it", "er wurde eben erst angenommen")
	case router.StepNothingIs:
		return t.say("there is nothing left that it could do without", "es gibt nichts mehr, worauf er verzichten könnte")
	case router.StepThere:
		return t.say("it stands there already", "dort steht er schon")
	case router.StepNotThere:
		return t.say("they are not there to take it", "sie oder er ist nicht da, um ihn zu nehmen")
	case router.StepUnknown:
		return t.say("nobody has an account by the name that the ladder gives", "niemand hat ein Konto mit dem Namen, den die Leiter nennt")
	case router.StepHeld:
		return t.say("somebody has it: it holds for whoever comes next", "jemand hat ihn: das gilt für den Nächsten")
	case router.StepNoContact:
		return t.say("no contact is open", "kein Kontakt ist offen")
	case router.StepHasAlready:
		return t.say("they have it already", "sie oder er hat ihn schon")
	}
	return ""
}

// escalationTold tells that whom a step names was told outside the desk.
func (t *Teller) escalationTold(e *ledger.Entry) string {
	step := quoted(e.Detail.Step)
	switch e.Reason {
	case "":
		return t.say("whom step %[1]s names was told by %[2]s", "wen Stufe %[1]s nennt, der wurde verständigt per %[2]s", step, e.Code)
	case "ended":
		return t.say("nobody had to be told of step %s any more", "wegen Stufe %s musste niemand mehr verständigt werden", step)
	}
	return t.say("nobody could be told of step %s: there is no way to reach them", "wegen Stufe %s konnte niemand verständigt werden: es gibt keinen Weg zu ihnen", step)
}
