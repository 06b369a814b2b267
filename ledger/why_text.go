package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
	"stagecoach/router/match"
)

// Text tells the whole story in plain English, with ids for people.
func (w *Why) Text() string { return w.TextFor(func(id string) string { return id }, time.UTC) }

// TextFor tells the whole story in plain English, with the names that name
// gives for agents' ids, and times in zone.
func (w *Why) TextFor(name func(id string) string, zone *time.Location) string {
	t := teller{b: &strings.Builder{}, zone: zone, name: func(id string) string {
		switch id {
		case "":
			return "nobody"
		case router.ActorRouter:
			return "the router"
		case router.ActorIntake:
			return "intake"
		case router.ActorSender:
			return "the sender"
		}
		if n := name(id); n != "" {
			return n
		}
		return id
	}}
	t.head(&w.Row)
	for i := 0; i < len(w.Steps); i++ {
		e := &w.Steps[i]
		last := i
		for last+1 < len(w.Steps) && e.Kind == "last_resort_told" && w.Steps[last+1].Kind == e.Kind {
			last++
		}
		t.step(e)
		if last > i {
			t.say("%s  … and told again, %d times since  (commit %d)", t.time(w.Steps[last].At), last-i, w.Steps[last].N)
			i = last
		}
	}
	t.b.WriteByte('\n')
	t.now(w)
	return t.b.String()
}

type teller struct {
	b    *strings.Builder
	zone *time.Location
	name func(string) string
}

func (t *teller) say(format string, args ...any) {
	fmt.Fprintf(t.b, format+"\n", args...)
}

func (t *teller) time(at time.Time) string {
	if at.IsZero() {
		return "no time"
	}
	return at.In(t.zone).Format("2006-01-02 15:04:05")
}

func (t *teller) head(r *Row) {
	t.say("Contact %s (number %d) of conversation %s", r.ID, r.Num, r.Conversation)
	t.say("%s by %s, %s; queue %s, last resort %s", state(r), r.Channel, account(r.Account), or(r.Queue, "none"), or(r.LastResort, "none"))
	t.say("Promise: %s, since %s, due %s", promise(r.Promise), t.time(r.Start), t.time(r.Due))
	if need := Needed(&r.Demand); need != "" {
		t.say("Needs: %s", need)
	}
	t.say("")
}

func state(r *Row) string {
	s := map[router.ContactState]string{
		router.Waiting: "Waits", router.Offered: "Is offered", router.AssignedTo: "Is with an agent",
		router.Sending: "Its reply is on its way", router.EndedContact: "Has ended",
	}[r.State]
	return or(s, string(r.State))
}

func account(name string) string { return "account " + or(name, "none") }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func promise(k router.PromiseKind) string {
	switch k {
	case router.PromiseFirst:
		return "first reply"
	case router.PromiseNext:
		return "next reply"
	case router.PromisePledge:
		return "a further answer that we owe"
	case router.PromiseReview:
		return "review by a person"
	case router.PromiseFailed:
		return "a message of ours that did not arrive"
	}
	return string(k)
}

// step tells one entry.
func (t *teller) step(e *Entry) {
	text := t.stepText(e)
	if text == "" {
		return
	}
	t.say("%s  %s  (commit %d)", t.time(e.At), text, e.N)
	if e.Detail.Why != nil {
		t.explanation(e.Detail.Why)
	}
}

func (t *teller) stepText(e *Entry) string {
	switch e.Kind {
	case "contact_opened":
		text := "opened for " + promise(router.PromiseKind(e.Code)) + ", due " + t.time(e.Until) + ", queue " + or(e.Detail.Queue, "none")
		if e.Detail.Rule != "" {
			text += ", by rule " + e.Detail.Rule
		}
		if e.Detail.Proposed != "" {
			text += ", proposed as " + e.Detail.Proposed
		}
		return text + " under policy " + or(e.Detail.Policy, "none")
	case "message_received":
		return "a message of " + t.time(e.Until) + " arrived by " + string(e.Channel) + joined(&e.Detail)
	case "message_joined":
		return "a further message joined"
	case "evidence_received":
		return "evidence: " + words(e.Code)
	case "offer_made":
		return "offered to " + t.name(e.Agent) + " until " + t.time(e.Until) + " under policy " + or(e.Detail.Policy, "none")
	case "offer_ended":
		text := "the offer to " + t.name(e.Agent) + " " + was(router.OfferEnd(e.Code)) + because(e.Reason)
		if !e.Until.IsZero() {
			text += "; passed over until " + t.time(e.Until)
		}
		return text
	case "assigned":
		return t.assignedText(e)
	case "unassigned":
		return "taken back from " + t.name(e.Agent) + " by " + t.name(e.Actor) + because(e.Reason)
	case "holder_warned":
		return t.name(e.Agent) + " was warned for being silent"
	case "hold_extended":
		return "its holder is at work; kept until " + t.time(e.Until)
	case "moved":
		return "moved to queue " + e.Code + " by " + t.name(e.Actor) + because(e.Reason)
	}
	return t.laterText(e)
}

func (t *teller) assignedText(e *Entry) string {
	switch {
	case e.Item != "":
		return "accepted by " + t.name(e.Agent)
	case e.Actor == e.Agent:
		return "taken by " + t.name(e.Agent) + because(e.Reason)
	}
	text := "given to " + t.name(e.Agent) + " by " + t.name(e.Actor) + because(e.Reason)
	if e.Detail.Override {
		text += ", above capacity"
	}
	return text
}

func (t *teller) laterText(e *Entry) string {
	switch e.Kind {
	case "at_risk":
		return "at risk of being late, due " + t.time(e.Until)
	case "breached":
		return "LATE: the due time " + t.time(e.Until) + " was missed"
	case "nobody_able":
		return nobodyAbleText(e.Reason)
	case "last_resort_told":
		return "the last resort " + or(e.Reason, "") + " was told"
	case "acknowledgement_owed":
		return "an automatic receipt is owed, which promises an answer by " + t.time(e.Until)
	case "acknowledgement_dropped":
		return "the automatic receipt is not sent: " + receiptWords(e.Reason)
	case "recipients_refused":
		return refusedText(e)
	case "reply_queued":
		switch contact.ReplyKind(e.Code) {
		case contact.Acknowledgement:
			return "the automatic receipt was queued"
		case contact.Remainder:
			return "the reply was queued once more for those who were refused for a time"
		case contact.Answer, contact.Ask, contact.Pledge, contact.Outbound, contact.Forward:
		}
		text := t.name(e.Agent) + " replied (" + words(e.Code) + ")"
		if !e.Until.IsZero() {
			text += ", owes more by " + t.time(e.Until)
		}
		return text
	case "attempt_granted":
		return "attempt " + strconv.Itoa(e.Detail.Attempt) + " at sending"
	case "attempt_failed":
		return "sending failed" + because(e.Reason) + code(e.Code) + ", again at " + t.time(e.Until)
	case "reply_delivered":
		return "the reply was delivered"
	case "reply_in_doubt":
		return "nobody knows whether the reply arrived" + because(e.Reason)
	case "reply_failed":
		if e.Detail.Bounced {
			return "the reply came back" + because(e.Reason) + code(e.Code)
		}
		return "the reply could not be delivered" + because(e.Reason) + code(e.Code)
	case "contact_ended":
		return t.endText(e)
	case "contact_reopened":
		return "opened again with its first clock, due " + t.time(e.Until) + because(e.Reason)
	case "noted":
		return t.name(e.Actor) + " left a note"
	}
	return ""
}

// receiptWords says why a receipt was not sent.
func receiptWords(reason string) string {
	switch reason {
	case "answered":
		return "somebody had answered, or was about to"
	case "late":
		return "it would have come too late"
	case "restarted", "in_doubt", "attempted_by_another_life":
		return "nobody knows whether it arrived, so it is not sent again"
	case "words_missing":
		return "the message that it is for is gone"
	case "words_unread":
		return "the message that it is for could not be read"
	case "no_sender":
		return "the account can't send"
	}
	return words(reason)
}

// refusedText says whom the provider refused while it took others.
func refusedText(e *Entry) string {
	text := "the provider refuses "
	switch {
	case e.Detail.Refused > 0 && e.Detail.Deferred > 0:
		text += strconv.Itoa(e.Detail.Refused) + " of its recipients for good, " + strconv.Itoa(e.Detail.Deferred) + " for a time"
	case e.Detail.Refused > 0:
		text += strconv.Itoa(e.Detail.Refused) + " of its recipients"
	default:
		text += strconv.Itoa(e.Detail.Deferred) + " of its recipients for a time"
	}
	return text + because(e.Reason) + code(e.Code) + ", and takes the others"
}

func (t *teller) endText(e *Entry) string {
	switch router.EndKind(e.Code) {
	case router.EndReplied:
		return "ended: replied to"
	case router.EndMerged:
		return "ended: merged into contact " + e.Item
	case router.EndDisposed:
		return "ended without a reply: " + words(e.Reason) + ", by " + t.name(e.Actor)
	}
	return "ended"
}

func was(end router.OfferEnd) string {
	switch end {
	case router.OfferDeclined:
		return "was declined"
	case router.OfferExpired:
		return "ran out"
	case router.OfferRevoked:
		return "was revoked"
	}
	return "ended"
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + words(reason) + ")"
}

func code(c string) string {
	if c == "" {
		return ""
	}
	return " [" + c + "]"
}

func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

// explanation tells what an offer was decided on.
func (t *teller) explanation(x *match.Explanation) {
	const indent = "                       "
	line := func(who match.Candidate) string {
		terms := make([]string, 0, len(who.Terms))
		for _, term := range who.Terms {
			terms = append(terms, words(term.Name)+" "+strconv.FormatFloat(float64(term.Value)/1e6, 'f', -1, 64))
		}
		if len(terms) == 0 {
			return t.name(who.Agent)
		}
		return t.name(who.Agent) + ": " + strings.Join(terms, ", ")
	}
	t.say("%schosen %s", indent, line(x.Winner))
	for i, c := range x.Next {
		t.say("%s%d. %s", indent, i+2, line(c))
	}
	if len(x.Failed) > 0 {
		t.say("%snot eligible: %s", indent, gates(x.Failed))
	}
	if x.Behind > 0 {
		t.say("%s%d further contacts waited", indent, x.Behind)
	}
}

func gates(failed map[match.Gate]int) string {
	parts := make([]string, 0, len(failed))
	for _, g := range slices.Sorted(maps.Keys(failed)) {
		parts = append(parts, fmt.Sprintf("%d by %s", failed[g], words(string(g))))
	}
	return strings.Join(parts, ", ")
}

// now tells what the contact waits for.
func (t *teller) now(w *Why) {
	r := &w.Row
	switch r.State {
	case router.EndedContact:
		kept := "late"
		if r.Kept {
			kept = "within its promise"
		}
		if r.End == router.EndReplied {
			t.say("Now: ended %s, %s.", t.time(r.EndedAt), kept)
		} else {
			t.say("Now: ended %s.", t.time(r.EndedAt))
		}
	case router.AssignedTo:
		t.say("Now: with %s since %s, who owes the reply by %s.", t.name(r.Agent), t.time(r.AssignedAt), t.time(r.Due))
	case router.Sending:
		t.say("Now: the reply of %s is on its way and ends it when it is delivered.", t.name(r.Agent))
	case router.Offered:
		t.say("Now: offered; it waits for an answer to the offer.")
	case router.Waiting:
		t.waits(w)
	}
	if r.Trouble != "" {
		t.say("Trouble with its last reply: %s%s.", words(r.Trouble), code(r.TroubleCode))
	}
}

func (t *teller) waits(w *Why) {
	r := &w.Row
	switch {
	case r.Proposed != "":
		t.say("Now: waits in review, as rule %s takes it for %s. A person confirms that or clears it; it is not offered singly.", or(r.Rule, "none"), r.Proposed)
		return
	case len(w.Offers) == 0:
		t.say("Now: waits; no agent who meets its needs has been free yet.")
	default:
		t.say("Now: waits again after %d offers (%d declined, %d ran out).", r.Offered, r.Declined, r.Missed)
	}
	if len(w.Failed) > 0 {
		t.say("At the last decision not eligible: %s.", gates(w.Failed))
	}
	for _, agent := range slices.Sorted(maps.Keys(r.Cool)) {
		if r.Cool[agent].After(w.At) {
			t.say("%s is passed over until %s.", t.name(agent), t.time(r.Cool[agent]))
		}
	}
}

// joined says what led a message to its conversation, and what is known of its
// sender.
func joined(d *Detail) string {
	text := map[string]string{ //nolint:gosec // words, no credentials
		"thread": "; it answers a message of this conversation", "token": "; it was sent to this conversation's own address",
		"subject": "; same sender and subject as lately", "burst": "; the sender had written a moment before",
	}[d.JoinedBy]
	switch d.Trust {
	case contact.TrustForged:
		text += "; its sender is probably forged"
	case contact.TrustClaimed:
		text += "; its answer goes to somebody else than its sender"
	case contact.TrustUnknown, contact.TrustProven:
	}
	if d.Stranger {
		text += "; it answers conversation " + d.Quoted + ", of which its sender is no part, and so stands apart"
	}
	return text
}
