package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// handle does what is to be done about a contact that the agent holds.
func (a *agent) handle(ctx context.Context, c *card) error {
	st := a.stage.storyOf(c.CustomerName)
	switch {
	case a.stage.due(st, silence):
		a.silent[c.Contact] = true
		return nil
	case a.stage.due(st, leaves):
		return a.leave(ctx, c, st)
	}
	var v conversation
	if err := a.api.get(ctx, "/api/contacts/"+c.Contact, &v); err != nil {
		return unlessRefused(err)
	}
	if a.stage.due(st, transfers) {
		done, err := a.transfer(ctx, c, &v)
		if done || err != nil {
			return err
		}
		a.stage.undo(st)
	}
	wait(ctx, a.pace.think.draw(a.rng))
	return a.settle(ctx, &v, st)
}

// settle replies to a contact, or disposes of what needs no reply.
func (a *agent) settle(ctx context.Context, v *conversation, st *story) error {
	replied := slices.ContainsFunc(v.Items, func(i item) bool { return i.Kind == "reply" && i.State == "delivered" })
	if short(v.Card.Channel) {
		return a.chat(ctx, v, st, replied)
	}
	switch {
	case st.kind == guesting:
		return a.reply(ctx, v, st, "answer", "guest")
	case len(v.ReplyTo) == 0:
		return a.dispose(ctx, v, "spam", "garbled")
	case st.kind == thanks && replied:
		return a.dispose(ctx, v, "no_reply_needed", "")
	case st.kind == vague && !replied:
		return a.reply(ctx, v, st, "ask", "ask")
	case st.kind == pledged && v.Card.Promise == "pledge":
		return a.reply(ctx, v, st, "answer", "final")
	case st.kind == pledged:
		return a.reply(ctx, v, st, "pledge", "owe")
	case st.kind == vague:
		return a.reply(ctx, v, st, "answer", "re.delivery")
	case replied:
		return a.reply(ctx, v, st, "answer", "re.more")
	case v.Card.Trouble != "":
		return a.sendAgain(ctx, v, st)
	}
	return a.reply(ctx, v, st, "answer", "re."+st.topic)
}

// chat answers in short what came by another channel than e-mail.
func (a *agent) chat(ctx context.Context, v *conversation, st *story, replied bool) error {
	bits := st.kind == flurry || st.kind == edited
	switch {
	case st.kind == guesting:
		return a.reply(ctx, v, st, "answer", "guest")
	case st.kind == withdrawn && slices.ContainsFunc(v.Items, func(i item) bool { return i.Kind == "evidence" }):
		return a.dispose(ctx, v, "no_reply_needed", "withdrawn")
	case st.kind == thanks && replied:
		return a.dispose(ctx, v, "no_reply_needed", "")
	case bits && !v.mentions(st.order):
		return a.reply(ctx, v, st, "answer", chatKey("ask"))
	case st.kind == vague && !replied:
		return a.reply(ctx, v, st, "ask", chatKey("ask"))
	case st.kind == pledged && v.Card.Promise == "pledge":
		return a.reply(ctx, v, st, "answer", chatKey("final"))
	case st.kind == pledged:
		return a.reply(ctx, v, st, "pledge", chatKey("owe"))
	case st.kind == vague:
		return a.reply(ctx, v, st, "answer", chatKey("re.delivery"))
	case st.kind == outreach:
		return a.reply(ctx, v, st, "answer", chatKey("re.outreach"))
	case replied && !bits:
		return a.reply(ctx, v, st, "answer", chatKey("re.more"))
	case st.kind == plain && st.number%3 == 0: // at length: it may take several posts
		return a.reply(ctx, v, st, "answer", "re."+st.topic)
	}
	return a.reply(ctx, v, st, "answer", chatKey("re."+st.topic))
}

// mentions reports whether the customer has said something.
func (v *conversation) mentions(words string) bool {
	return slices.ContainsFunc(v.Items, func(i item) bool { return i.Kind == "message" && strings.Contains(i.Text, words) })
}

// sendAgain answers anew what came back, with a note for colleagues.
func (a *agent) sendAgain(ctx context.Context, v *conversation, st *story) error {
	note := map[string]string{"note_id": newUUID(), "text": a.words.say(a.rng, "en", "note", nil).text}
	if err := a.api.post(ctx, "/api/contacts/"+v.Card.Contact+"/note", note, nil); err != nil && !refused(err) {
		return err
	}
	a.stage.count("sent_again", 1)
	return a.reply(ctx, v, st, "answer", "re."+st.topic)
}

// reply sends one. The same id is used for every try, so that it is one reply.
func (a *agent) reply(ctx context.Context, v *conversation, st *story, kind, key string) error {
	text := a.words.say(a.rng, st.language, key, st.fill("agent", a.Name)).text
	in := map[string]any{"reply_id": newUUID(), "kind": kind, "covers": v.Covers, "text": text, "quote": st.number%2 == 0 && !short(v.Card.Channel)}
	if kind == "pledge" {
		in["due"] = time.Now().Add(a.pace.pledge)
	}
	err := a.api.post(ctx, "/api/contacts/"+v.Card.Contact+"/reply", in, nil)
	switch {
	case err == nil:
		a.stage.count(map[string]string{"answer": "answered", "ask": "asked", "pledge": "pledged"}[kind], 1)
	case refused(err):
		a.objected("reply", err)
		wait(ctx, a.pace.react.draw(a.rng))
		return nil
	}
	return err
}

func (a *agent) dispose(ctx context.Context, v *conversation, disposition, key string) error {
	in := map[string]any{"command_id": newUUID(), "disposition": disposition}
	if key != "" {
		in["reason"] = a.words.say(a.rng, "en", key, nil).text
	}
	err := a.api.post(ctx, "/api/contacts/"+v.Card.Contact+"/dispose", in, nil)
	if err == nil {
		a.stage.count("disposed", 1)
	}
	return unlessRefused(err)
}

// transfer hands a contact to a colleague who speaks the language and has room.
func (a *agent) transfer(ctx context.Context, c *card, v *conversation) (done bool, err error) {
	colleague := choose(a.rng, v.Colleagues, c.Language)
	if colleague == "" {
		return false, nil
	}
	in := map[string]string{"command_id": newUUID(), "agent": colleague, "reason": a.words.say(a.rng, "en", "transfer", nil).text}
	if err := a.api.post(ctx, "/api/contacts/"+c.Contact+"/transfer", in, nil); err != nil {
		return false, unlessRefused(err)
	}
	a.stage.count(string(transfers), 1)
	return true, nil
}

// room is what a contact takes at most of an agent's capacity under the
// demonstration's policy, in units: a chat.
const room = 34

// choose gives somebody who is there and has room, best one who speaks the
// language; "" if there is nobody.
func choose(rng *rand.Rand, people []person, language string) string {
	var able, others []string
	for _, p := range people {
		switch {
		case p.Presence != "available" || p.Role != "agent" || p.Capacity-p.Load < room:
		case slices.Contains(p.Languages, language):
			able = append(able, p.ID)
		default:
			others = append(others, p.ID)
		}
	}
	if len(able) == 0 {
		able = others
	}
	if len(able) == 0 {
		return ""
	}
	return able[rng.IntN(len(able))]
}

// leave goes away with a draft begun: by logging out and handing over, or just
// like that, as with a lost line.
func (a *agent) leave(ctx context.Context, c *card, st *story) error {
	text := a.words.say(a.rng, st.language, "re."+st.topic, st.fill("agent", a.Name)).text
	if err := a.api.put(ctx, "/api/contacts/"+c.Contact+"/draft", map[string]string{"text": half(text)}); err != nil && !refused(err) {
		return err
	}
	if a.lost = st.number%2 == 1; !a.lost {
		if err := a.present(ctx, "offline", true); err != nil {
			return err
		}
		if err := a.api.post(ctx, "/api/logout", nil, nil); err != nil {
			return err
		}
	}
	a.stage.count(string(leaves), 1)
	return errGone
}

// half gives the beginning of a text.
func half(text string) string {
	runes := []rune(text)
	return string(runes[:len(runes)/2])
}

// objected notes a no that isn't part of everyday life.
func (a *agent) objected(what string, err error) {
	var r *refusal
	if errors.As(err, &r) && !slices.Contains([]string{"ended", "taken", "busy", "not_yours", "newer_message"}, r.Code) {
		a.stage.trouble(fmt.Sprintf("%s was refused a %s: %s", a.Name, what, r.Detail))
	}
}

func newUUID() string { return uuid.Must(uuid.NewV7()).String() }
