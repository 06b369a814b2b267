package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestEndToEnd is a day at a small company, from the first mail to the proof
// that everything adds up.
func TestEndToEnd(t *testing.T) {
	people := []string{support, sales, late, broken}
	for _, name := range []string{"alice", "bob", "carol", "dora", "erik", "fred", "gina"} {
		people = append(people, name+"@cust.test")
	}
	for i := range 10 {
		people = append(people, crowd(i))
	}
	o := newOffice(t, people...)
	o.configure(support, sales, broken)
	o.start("")
	o.untilUp("email/support", "email/sales")
	o.open()
	anna := o.hire("Anna")
	for _, step := range []struct {
		name string
		do   func(t *testing.T, o *office, anna *client)
	}{
		{"a customer gets an answer, and goes on", answerAndGoOn},
		{"one mail to two mailboxes", twoMailboxes},
		{"one mail twice in a mailbox", twiceInAMailbox},
		{"an answer written elsewhere", writtenElsewhere},
		{"a wrong password stops nobody else", wrongPassword},
		{"a second daemon", secondDaemon},
		{"a mailbox is added by SIGHUP", addMailbox},
		{"down for a while", downForAWhile},
		{"everything is answered and adds up", addsUp},
	} {
		whole := o.t
		ok := t.Run(step.name, func(t *testing.T) {
			o.t = t
			step.do(t, o, anna)
		})
		if o.t = whole; !ok {
			t.FailNow()
		}
	}
}

func crowd(i int) string { return fmt.Sprintf("crowd%02d@cust.test", i) }

func answerAndGoOn(t *testing.T, o *office, anna *client) {
	const alice = "alice@cust.test"
	question := letter{
		from: alice, to: support, subject: "Where is my parcel?", text: "It should have come on Friday.", id: "q1@cust.test",
		header: []string{"References: <older@cust.test>", "In-Reply-To: <older@cust.test>"},
	}
	arrived := time.Now()
	if err := send(o.postfix, question); err != nil {
		t.Fatal(err)
	}
	first := anna.take(t, question.subject)
	t.Logf("offered and accepted after %v", time.Since(arrived).Round(time.Millisecond))
	if len(first.Why) == 0 || first.Card.Account != "support" || first.Card.Messages != 1 {
		t.Errorf("the offer is %+v", first)
	}
	reply := anna.answer(t, first.Card, "It comes tomorrow.")
	mails := o.untilReceived(alice, 1)
	m := mails[0]
	token := m.Get("Reply-To")
	if m.Get("Subject") != "Re: "+question.subject || !strings.Contains(m.text, "It comes tomorrow.") || !strings.Contains(m.Get("From"), support) {
		t.Errorf("alice got %q from %q:\n%s", m.Get("Subject"), m.Get("From"), m.text)
	}
	if m.id() != reply+"@acme.test" || !slices.Equal(m.ids("In-Reply-To"), []string{question.id}) ||
		!slices.Equal(m.ids("References")[1:], []string{"older@cust.test", question.id}) {
		t.Errorf("the reply %s has Message-ID %q, In-Reply-To %q, References %q", reply, m.id(), m.ids("In-Reply-To"), m.ids("References"))
	}
	if !strings.Contains(token, "support+") || !strings.Contains(token, "@acme.test") {
		t.Fatalf("Reply-To is %q, want a token", token)
	}
	o.untilSent(support, m.id())

	// She answers as a mail program does: by References, to our plain address.
	back := letter{
		from: alice, to: support, subject: "Re: Where is my parcel?", text: "Tomorrow is fine.", id: "q2@cust.test",
		header: []string{"In-Reply-To: <" + m.id() + ">", "References: <older@cust.test> <q1@cust.test> <" + m.id() + ">"},
	}
	if err := send(o.postfix, back); err != nil {
		t.Fatal(err)
	}
	second := anna.take(t, back.subject)
	// She answers from a program that keeps nothing: only the token's address.
	if second.Card.Conversation != first.Card.Conversation || second.Card.Contact == first.Card.Contact || second.Card.Promise != "next" {
		t.Errorf("her answer became %+v, want the next contact of conversation %s", second.Card, first.Card.Conversation)
	}
	anna.answer(t, second.Card, "Good.")
	o.untilReceived(alice, 2)
	address := token[strings.Index(token, "support+"):]
	address = strings.Trim(address, "<> ")
	last := letter{from: alice, to: address, subject: "It is here", text: "Thank you.", id: "q3@cust.test"}
	if err := send(o.postfix, last); err != nil {
		t.Fatal(err)
	}
	third := anna.take(t, last.subject)
	if third.Card.Conversation != first.Card.Conversation || third.Card.Contact == second.Card.Contact {
		t.Errorf("her mail to the token became %+v, want the next contact of conversation %s", third.Card, first.Card.Conversation)
	}
	anna.must(t, "POST", "/api/contacts/"+third.Card.Contact+"/dispose", map[string]any{"disposition": "no_reply_needed", "reason": "She says thank you."}, nil)
	if v := anna.conversation(t, first.Card.Conversation); v.State != "resolved" {
		t.Errorf("the conversation is %s at the end", v.State)
	}
	if n := len(o.inbox(alice)); n != 2 {
		t.Errorf("alice has %d mails, want 2", n)
	}
}

// untilSent waits until a mail lies in the folder of sent mail, and fails if it
// lies there twice.
func (o *office) untilSent(address, id string) {
	o.t.Helper()
	count := func() (n int) {
		for _, raw := range o.dovecot.Mails(address, sentFolder) {
			if read(o.t, raw).id() == id {
				n++
			}
		}
		return n
	}
	eventually(o.t, 20*time.Second, words("our copy of %s", id), func() bool { return count() > 0 })
	if n := count(); n != 1 {
		o.t.Errorf("%d copies of %s in the folder of sent mail", n, id)
	}
}

func twoMailboxes(t *testing.T, o *office, anna *client) {
	before := o.audit().Summary
	bob := letter{from: "bob@cust.test", to: support + ", " + sales, subject: "To both of you", text: "Hello?", id: "b1@cust.test"}
	if err := send(o.postfix, bob, support, sales); err != nil {
		t.Fatal(err)
	}
	taken := anna.take(t, bob.subject)
	o.untilAccounted(before, 1, 1, 1)
	anna.answer(t, taken.Card, "Hello.")
	if n := len(o.untilReceived(bob.from, 1)); n != 1 {
		t.Errorf("bob got %d mails", n)
	}
}

// untilAccounted waits until so much has come in since, no more and no less.
func (o *office) untilAccounted(before summary, messages, evidence, contacts int) {
	o.t.Helper()
	var s summary
	eventually(o.t, 20*time.Second, func() string {
		return fmt.Sprintf("%d messages, %d evidence, %d contacts more than %+v; now %+v", messages, evidence, contacts, before, s)
	}, func() bool {
		o.boss.must(o.t, "GET", "/api/summary", nil, &s)
		return s.AddsUp && s.Messages+s.Evidence >= before.Messages+before.Evidence+messages+evidence
	})
	if s.Messages != before.Messages+messages || s.Evidence != before.Evidence+evidence || s.Contacts != before.Contacts+contacts || s.Quarantined != 0 {
		o.t.Errorf("the ledger went from %+v to %+v, want %d messages, %d evidence, %d contacts more", before, s, messages, evidence, contacts)
	}
}

func twiceInAMailbox(t *testing.T, o *office, anna *client) {
	before := o.audit().Summary
	carol := letter{from: "carol@cust.test", to: support, subject: "By two ways", text: "It came twice.", id: "c1@cust.test"}
	for range 2 { // as when a mail goes to an address and to its alias
		if err := send(o.postfix, carol); err != nil {
			t.Fatal(err)
		}
	}
	taken := anna.take(t, carol.subject)
	anna.answer(t, taken.Card, "Once is enough.")
	o.untilAccounted(before, 1, 1, 1)
	if n := len(o.untilReceived(carol.from, 1)); n != 1 {
		t.Errorf("carol got %d mails", n)
	}
}

func writtenElsewhere(t *testing.T, o *office, anna *client) {
	dora := letter{from: "dora@cust.test", to: sales, subject: "What does it cost?", text: "The blue one.", id: "d1@cust.test"}
	if err := send(o.postfix, dora); err != nil {
		t.Fatal(err)
	}
	taken := anna.take(t, dora.subject)
	answer := letter{
		from: sales, to: dora.from, subject: "Re: " + dora.subject, text: "Nine euros.", id: "phone-1@acme.test",
		header: []string{"In-Reply-To: <" + dora.id + ">", "References: <" + dora.id + ">"},
	}
	o.fileSent(sales, answer.raw())
	var proposed item
	eventually(t, 20*time.Second, words("the answer written elsewhere to be proposed"), func() bool {
		for _, it := range anna.conversation(t, taken.Card.Conversation).Items {
			if it.Kind == "proposed" {
				proposed = it
				return true
			}
		}
		return false
	})
	if !strings.Contains(proposed.Text, "Nine euros.") {
		t.Errorf("proposed is %+v", proposed)
	}
	anna.must(t, "POST", "/api/replies/"+proposed.ID+"/confirm", map[string]any{"contact": taken.Card.Contact}, nil)
	v := anna.conversation(t, taken.Card.Conversation)
	if v.State != "resolved" || v.Card.State != "ended" {
		t.Errorf("after confirming: conversation %s, contact %s", v.State, v.Card.State)
	}
	if n := len(o.inbox(dora.from)); n != 0 {
		t.Errorf("dora got %d mails from us, want none: it was sent elsewhere", n)
	}
}

func wrongPassword(t *testing.T, o *office, _ *client) {
	r, err := o.readiness()
	if err != nil {
		t.Fatal(err)
	}
	why := r.Parts["email/broken"]
	if r.Ready || why == "" || strings.Contains(why, "not the password") {
		t.Errorf("ready %v, email/broken says %q", r.Ready, why)
	}
	if r.Parts["email/support"] != "" || r.Parts["email/sales"] != "" {
		t.Errorf("the other mailboxes say %q and %q", r.Parts["email/support"], r.Parts["email/sales"])
	}
	t.Logf("email/broken: %s", why)
}

func secondDaemon(t *testing.T, o *office, _ *client) {
	code, out, errs := o.run("serve", "--data", o.dir, "--listen", "127.0.0.1:0")
	if code == 0 || out != "" || strings.Count(strings.TrimSpace(errs), "\n") != 0 ||
		!strings.Contains(errs, o.dir) || !strings.Contains(errs, fmt.Sprint(o.cmd.Process.Pid)) {
		t.Errorf("it ended with %d, wrote %q and said:\n%s\nwant one line that names directory and process", code, out, errs)
	}
	t.Logf("a second daemon says: %s", strings.TrimSpace(errs))
}

func addMailbox(t *testing.T, o *office, anna *client) {
	before := o.audit().Summary
	var wg sync.WaitGroup
	failed := make(chan error, 10)
	wg.Go(func() { // mail pours in all the while
		for i := range 10 {
			if err := send(o.postfix, letter{from: crowd(i), to: support, subject: "Crowd", text: "Here.", id: fmt.Sprint("crowd", i, "@cust.test")}); err != nil {
				failed <- err
			}
		}
	})
	o.configure(support, sales, late)
	if err := o.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	o.untilUp("email/support", "email/sales", "email/late")
	wg.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	r, err := o.readiness()
	if _, there := r.Parts["email/broken"]; err != nil || there || !r.Ready {
		t.Errorf("after the reload: %+v, %v", r, err)
	}
	erik := letter{from: "erik@cust.test", to: late, subject: "Are you new?", text: "Hello.", id: "e1@cust.test"}
	if err := send(o.postfix, erik); err != nil {
		t.Fatal(err)
	}
	stop := o.work(anna)
	defer stop()
	o.untilAccounted(before, 11, 0, 11)
	if m := o.untilReceived(erik.from, 1)[0]; !strings.Contains(m.Get("Reply-To"), "late+") {
		t.Errorf("erik can answer to %q", m.Get("Reply-To"))
	}
	for i := range 10 {
		o.untilReceived(crowd(i), 1)
	}
}

// work has somebody answer whatever comes, until stop is called.
func (o *office) work(who *client) (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { newWorker(who, func(c card, _ conversation) string { return "About " + c.Subject }).run(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

func downForAWhile(t *testing.T, o *office, _ *client) {
	before := o.audit().Summary
	took := o.stop()
	t.Logf("from SIGTERM to gone: %v", took.Round(time.Millisecond))
	if took >= 20*time.Second { // two seconds where nothing else runs
		t.Errorf("from SIGTERM to gone took %v", took)
	}
	down := time.Now()
	for i, l := range []letter{
		{from: "fred@cust.test", to: support, subject: "While you slept", text: "One.", id: "f1@cust.test"},
		{from: "gina@cust.test", to: late, subject: "While you slept", text: "Two.", id: "g1@cust.test"},
	} {
		if err := send(o.postfix, l); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, words("mail %d to arrive", i), func() bool {
			return slices.ContainsFunc(o.inbox(l.to), func(g got) bool { return g.id() == l.id })
		})
	}
	begun := time.Now()
	o.start("")
	o.untilUp("email/support", "email/sales", "email/late")
	t.Logf("from start to all mailboxes connected: %v", time.Since(begun).Round(time.Millisecond))
	o.untilAccounted(before, 2, 0, 2)
	slept := 0
	for _, c := range o.boss.contacts(t) {
		if c.Subject != "While you slept" {
			continue
		}
		slept++
		// IMAP tells whole seconds.
		if c.Start.Before(down.Truncate(time.Second)) || c.Start.After(begun) {
			t.Errorf("the promise counts from %v; the mail came between %v and %v", c.Start, down, begun)
		}
	}
	if slept != 2 {
		t.Errorf("%d contacts of mail that came while the daemon was down, want 2", slept)
	}
}

func addsUp(t *testing.T, o *office, anna *client) {
	stop := o.work(anna)
	defer stop()
	var s summary
	eventually(t, 60*time.Second, func() string { return fmt.Sprintf("everything to be answered, is %+v", s) }, func() bool {
		o.boss.must(t, "GET", "/api/summary", nil, &s)
		return s.Open == 0
	})
	stop()
	for i := range 10 {
		if n := len(o.untilReceived(crowd(i), 1)); n != 1 {
			t.Errorf("%s got %d mails", crowd(i), n)
		}
	}
	live := o.audit()
	o.stop()
	after := o.audit()
	t.Logf("the ledger: %+v", live.Summary)
	if fmt.Sprint(live.Summary) != fmt.Sprint(after.Summary) {
		t.Errorf("audited while stopped: %+v", after.Summary)
	}
	if s := after.Summary; s.Contacts != 19 || s.Replied != 18 || s.Disposed["no_reply_needed"] != 1 || s.Messages != 19 {
		t.Errorf("the ledger ends with %+v, want 19 messages and contacts, 18 replied and 1 disposed", s)
	}
}
