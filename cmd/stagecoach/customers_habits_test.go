package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// TestHabits: where a customer answers us is counted with their record, once, also
// when the file is made anew; and a contact that opens then says where it was learnt.
func TestHabits(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir := filepath.Join(t.TempDir(), "data")
	d, stop := startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	do := func(actor string, cmd router.Command) router.Result {
		t.Helper()
		res, err := d.engine.Do(t.Context(), router.Envelope{Actor: actor, Command: cmd})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	do(router.ActorRouter, router.SetAgent{Agent: router.AgentProfile{ID: "anna", Role: contact.RoleSupervisor}})
	habits := func(sent, answered int) {
		t.Helper()
		key := identityKey(d.keys)(contact.Email, "c1@example.com")
		until(t, fmt.Sprintf("%d of %d answered", answered, sent), func() bool {
			found, err := d.directory.Lookup(t.Context(), []string{key})
			if err != nil {
				t.Fatal(err)
			}
			r := found[key].Record
			return r != nil && len(r.Habits) == 1 && r.Habits[0].Sent == sent && r.Habits[0].Answered == answered && r.Habits[0].Channel == contact.Email
		})
	}
	var rest []string
	for n := range 4 {
		id := sameSender(t, d, n)
		if n == 3 {
			break
		}
		do("anna", router.Assign{Contact: id, Agent: "anna", Override: true})
		do("anna", router.Send{Delivered: true, Reply: router.Reply{
			ID: fmt.Sprint("r", n), Kind: contact.Answer, Contact: id, Channel: contact.Email, Account: "support", Covers: lastOf(t, d, id), Ref: fmt.Sprint("reply.r", n),
		}})
	}
	habits(3, 3)
	if err := d.engine.View(t.Context(), func(s *router.State) {
		for open := range s.Contacts {
			if s.Contacts[open].Open() {
				rest = append(rest, open)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	do("anna", router.Dispose{Contacts: rest, Disposition: contact.NoReplyNeeded, Remark: "reason.1"})
	id := sameSender(t, d, 9)
	err := d.engine.View(t.Context(), func(s *router.State) {
		c := s.Contacts[id]
		if c.Known == nil || c.Known.PreferSource != "learnt" || c.Known.Prefer != contact.Email || c.ReplyBy.Source != "learnt" {
			t.Errorf("known: %+v, answered by %+v", c.Known, c.ReplyBy)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := os.Remove(directory.Path(dir)); err != nil {
		t.Fatal(err)
	}
	d, stop = startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	defer stop()
	mark := uint64(0)
	until(t, "the log is read anew", func() bool {
		mark, err = d.directory.Mark(t.Context(), habitsMark)
		return err == nil && mark > 0
	})
	habits(3, 3)
}

// sameSender takes in a mail of the first customer's, in a conversation of its own.
func sameSender(t *testing.T, d *Daemon, n int) string {
	t.Helper()
	return mailOf(t, d, 1, 100+n, fmt.Sprintf("matter %d", n))
}

func lastOf(t *testing.T, d *Daemon, id string) (last string) {
	t.Helper()
	if err := d.engine.View(t.Context(), func(s *router.State) { last = s.Contacts[id].LastMessage() }); err != nil {
		t.Fatal(err)
	}
	return last
}
