package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/desk/portal"
	"stagecoach/router"
)

// What is written on the page goes by the channel of the customer's last message, with
// the address that they have there: on another channel it is nobody's.
func TestPageGoesByTheLastChannel(t *testing.T) {
	t.Parallel()
	last := said("m1", contact.Email, "anna@cust.test", "Anna Meyer", "Write to me by mail.")
	last.Origin = json.RawMessage(`{"of":"mail"}`)
	got := pageMessage("i1", &last, "It's urgent.", time.Now())
	if got.Channel != contact.Email || got.Account != "email" || got.From.Address != "anna@cust.test" || string(got.Origin) != string(last.Origin) {
		t.Errorf("it goes by %s, %s, from %s with %s", got.Channel, got.Account, got.From, got.Origin)
	}
}

// A link may be opened before the ledger knows of the conversation: it doesn't say then
// that the link holds no longer.
func TestPageOpenedAtOnce(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	for n := range 20 {
		m := said(fmt.Sprint("p", n), contact.Phone, fmt.Sprint("+4930111110", n), "", "Where is my order?")
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		in := &channels.Inbound{
			Channel: m.Channel, Account: m.Account, Source: "phone/desk", ProviderID: m.MessageID, Position: m.MessageID,
			Kind: channels.Fresh, Format: "json", ReceivedAt: time.Now().UTC(), Raw: raw, Size: int64(len(raw)),
		}
		ref, _, err := d.journal.PutInbound(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		res, err := d.intake.Take(t.Context(), router.ActorIntake, ref, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (customerPages{d}).Standing(t.Context(), res.Conversation); err != nil {
			t.Fatalf("the page of conversation %d: %v", n, err)
		}
	}
	if _, err := (customerPages{d}).Standing(t.Context(), "0190c0de-0000-7000-8000-00000000beef"); !errors.Is(err, portal.ErrGone) {
		t.Errorf("that of none: %v", err)
	}
}

// On Slack a code goes to the person, and never into a thread that others read.
func TestCodeGoesToNobodyElse(t *testing.T) {
	t.Parallel()
	question := said("C0GROUP01/1700000000.000001", contact.Slack, "T0US00001/U0ADA0001", "Ada", "Where is it?")
	question.Origin = json.RawMessage(`{"channel":"G0GROUP01","thread":"1700000000.000001"}`)
	w := &way{to: question.Sender(), answers: &question}
	if r := codeReply(w, contact.Slack, "team", "conversation", "", "123456"); r.Origin != nil || r.InReplyTo != "" || len(r.To) != 1 || r.To[0].Address != question.From.Address {
		t.Errorf("the code goes to %+v", r)
	}
	question.Channel = contact.WebChat
	if r := codeReply(w, contact.WebChat, "web", "conversation", "", "123456"); string(r.Origin) != string(question.Origin) || r.Conversation != "conversation" {
		t.Errorf("the code doesn't reach the chat: %+v", r)
	}
}
