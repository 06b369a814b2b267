//go:build chaos

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tuned is an office whose supervisor changes the policy directory while customers
// write.
type tuned struct {
	*office
	policies string
	written  atomic.Int64
	// naked are open contacts that were seen without a promise.
	naked sync.Map
	looks atomic.Int64
}

// tunedMails is how many customers write during the test.
const tunedMails = 600

// TestChaosPolicy changes the policy directory of a daemon under load: a shorter
// promise, a bad edit, a class with an own promise while the daemon is killed, and
// a rollback that lasts over a restart. At no look an open contact is without a
// promise, and in the end each has that of the set that decides.
func TestChaosPolicy(t *testing.T) {
	o := &tuned{office: newOffice(t, support)}
	o.configure(support)
	o.policies = filepath.Join(filepath.Dir(o.config), "policies")
	text, err := os.ReadFile(o.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.config, append(text, "policies: "+o.policies+"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, said := o.run("policy", "init", o.policies); code != 0 {
		t.Fatal(said)
	}
	o.start("")
	o.untilUp("email/support")
	o.open()

	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() { o.write(ctx) })
	beside.Go(func() { o.watch(ctx) })

	o.untilOpen(100)
	built := o.status().Active.Version
	o.shorter(t)
	short := o.status().Active.Version
	o.badEdit(t, short)
	o.classWhileKilled(t)
	o.untilOpen(tunedMails)
	o.reordered(t)
	o.rolledBack(t, built)
	stop()
	beside.Wait()
	o.naked.Range(func(id, what any) bool {
		t.Errorf("%v was open without a promise: %v", id, what)
		return true
	})
	if o.looks.Load() < 50 {
		t.Errorf("the ledger was looked at only %d times", o.looks.Load())
	}
	if s := o.audit().Summary; s.Contacts != tunedMails || s.Open != tunedMails {
		t.Errorf("the ledger ends with %+v, want %d open", s, tunedMails)
	}
}

// write has customers write, about an invoice every fourth.
func (o *tuned) write(ctx context.Context) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for i := range tunedMails {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		subject := fmt.Sprintf("Question %03d", i)
		if i%4 == 3 {
			subject = fmt.Sprintf("Invoice %03d", i)
		}
		if err := send(o.postfix, letter{from: customer(i), to: support, subject: subject, text: "When does it come?", id: mailID(i)}); err != nil {
			o.t.Errorf("mail %d: %v", i, err)
			return
		}
		o.written.Add(1)
	}
}

// watch looks at the ledger all the time, whether the daemon lives or not.
func (o *tuned) watch(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		rows, err := o.openRows(ctx)
		if err != nil {
			continue
		}
		o.looks.Add(1)
		for _, r := range rows {
			if r.Due.IsZero() || !r.Due.After(r.Start) || r.Promise == "" {
				o.naked.Store(r.Contact, fmt.Sprintf("%+v", r))
			}
		}
	}
}

func (o *tuned) status() policyState {
	o.t.Helper()
	var p policyState
	o.boss.must(o.t, "GET", "/api/policy", nil, &p)
	return p
}

// edit changes a file of the directory as an editor does: all at once.
func (o *tuned) edit(name, old, text string) {
	o.t.Helper()
	path := filepath.Join(o.policies, name)
	was, err := os.ReadFile(path)
	if err != nil {
		o.t.Fatal(err)
	}
	is := strings.Replace(string(was), old, text, 1)
	if is == string(was) {
		o.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path+".new", []byte(is), 0o600); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		o.t.Fatal(err)
	}
}

func (o *tuned) untilOpen(n int) {
	o.t.Helper()
	seen := 0
	eventually(o.t, 120*time.Second, func() string { return fmt.Sprintf("%d open contacts, there are %d", n, seen) }, func() bool {
		rows, err := o.openRows(o.t.Context())
		seen = len(rows)
		return err == nil && seen >= n
	})
}

// untilPromised waits until every open contact is promised so long after it began,
// and gives how many there were.
func (o *tuned) untilPromised(long func(r row) time.Duration) int {
	o.t.Helper()
	wrong, n := "", 0
	eventually(o.t, 30*time.Second, func() string { return "the promises of the new set, but " + wrong }, func() bool {
		rows, err := o.openRows(o.t.Context())
		if err != nil {
			wrong = err.Error()
			return false
		}
		n = len(rows)
		i := slices.IndexFunc(rows, func(r row) bool { return r.Due.Sub(r.Start).Round(time.Second) != long(r) })
		if i >= 0 {
			wrong = fmt.Sprintf("%+v is due after %v", rows[i], rows[i].Due.Sub(rows[i].Start))
		}
		return i < 0
	})
	return n
}

func always(d time.Duration) func(row) time.Duration {
	return func(row) time.Duration { return d }
}

func (o *tuned) shorter(t *testing.T) {
	t.Helper()
	begun := time.Now()
	o.edit("sla.yaml", "\n  first: 4h", "\n  first: 2h")
	n := o.untilPromised(always(2 * time.Hour))
	t.Logf("%d open contacts had the shorter promise %v after the edit", n, time.Since(begun).Round(time.Millisecond))
}

// badEdit has the set that decides go on deciding, and the trouble be said.
func (o *tuned) badEdit(t *testing.T, version string) {
	t.Helper()
	o.edit("sla.yaml", "\n  first: 2h", "\n  first: 30x")
	var p policyState
	eventually(t, 15*time.Second, func() string { return fmt.Sprintf("the bad edit to be said, is %+v", p) }, func() bool {
		p = o.status()
		return strings.Contains(p.Trouble, "sla.yaml:") && strings.Contains(p.Trouble, "30x")
	})
	before := o.written.Load()
	o.untilOpen(int(before) + 20) // who writes now is promised as before
	o.untilPromised(always(2 * time.Hour))
	if p = o.status(); p.Active.Version != version {
		t.Errorf("%s decides after a bad edit", p.Active.Version)
	}
	o.edit("sla.yaml", "\n  first: 30x", "\n  first: 2h")
	eventually(t, 15*time.Second, func() string { return fmt.Sprintf("the trouble to be over, is %+v", p) }, func() bool {
		p = o.status()
		return p.Trouble == ""
	})
}

// classWhileKilled makes a class of invoices, and kills the daemon while it takes
// that up, at moments that the seed gives.
func (o *tuned) classWhileKilled(t *testing.T) {
	t.Helper()
	for name, text := range map[string]string{
		"classes.yaml": "version: 1\nclasses:\n  - name: invoices\n    when: contact.subject.contains(\"Invoice\")\n    class: invoices\n    queue: general\n",
		"sla.yaml":     "version: 1\ndefault: {first: 2h, next: 2h, resolution: 3d}\npromises:\n  - name: invoices\n    when: contact.class == \"invoices\"\n    first: 30m\n    next: 30m\n",
	} {
		if err := os.WriteFile(filepath.Join(o.policies, name+".new"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(o.policies, name+".new"), filepath.Join(o.policies, name)); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(seed(t), 1))
	for range 4 {
		<-time.After(time.Duration(random.Int64N(int64(3 * time.Second))))
		o.kill()
		o.start("")
		o.untilUp("email/support")
	}
	n := o.untilPromised(func(r row) time.Duration {
		if strings.HasPrefix(r.Subject, "Invoice") {
			return 30 * time.Minute
		}
		return 2 * time.Hour
	})
	t.Logf("%d open contacts had the promises of their new classes", n)
	code, out, said := o.run("policy", "status", "--json", "--data", o.dir)
	var p policyState
	if err := json.Unmarshal([]byte(out), &p); err != nil || code != 0 || p.Trouble != "" || p.Active.Reason != "directory" {
		t.Errorf("policy status ended with %d %v: %s%s", code, err, out, said)
	}
}

// reordered has an agent ask what comes next: an invoice, though others wait longer.
func (o *tuned) reordered(t *testing.T) {
	t.Helper()
	anna := o.hire("Anna")
	var got done
	anna.must(t, "POST", "/api/next", map[string]any{"command_id": "next"}, &got)
	var d desk
	anna.must(t, "GET", "/api/desk", nil, &d)
	if len(d.Mine) != 1 || !strings.HasPrefix(d.Mine[0].Subject, "Invoice") {
		t.Errorf("who asks what comes next gets %+v, not an invoice that is due first", d.Mine)
	}
}

// rolledBack brings back what was built in, and has it decide after a restart too.
func (o *tuned) rolledBack(t *testing.T, version string) {
	t.Helper()
	code, out, said := o.run("policy", "rollback", version, "--data", o.dir)
	if code != 0 {
		t.Fatalf("policy rollback ended with %d: %s%s", code, out, said)
	}
	o.untilPromised(always(4 * time.Hour))
	o.kill()
	o.start("")
	o.untilUp("email/support")
	if p := o.status(); p.Active.Version != version || p.Active.Reason != "rollback" {
		t.Errorf("after a restart decides %+v, not %s", p.Active, version)
	}
	o.untilPromised(always(4 * time.Hour))
}
