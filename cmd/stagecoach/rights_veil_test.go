package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"stagecoach/customers/directory"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// From the decision on nobody reads the words of who is being erased, or restricted, by
// any door, though nothing is wiped yet; nor after the wipe, from what was kept at hand.
func TestNobodyReadsFromTheDecisionOn(t *testing.T) {
	t.Parallel()
	d, dir, token := retainOffice(t)
	decided := newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, d.engine, d.words, d.rights.register, d.logger)
	decided.directory, decided.veil, decided.forget = d.rights.directory, d.rights.veil, d.rights.forget
	for word, number := range map[string]string{"zanzibarerased": "+49305555551", "zanzibarheld": "+49305555552"} {
		id, customer := d.called(t, token, number, word+" asks")
		c := &client{http: &http.Client{}, base: d.URL(), token: token}
		if _, err := c.call(t.Context(), http.MethodPost, "/api/contacts/"+id+"/note", map[string]any{"text": word + " noted"}, nil); err != nil {
			t.Fatal(err)
		}
		if word == "zanzibarheld" {
			if _, err := d.rights.hold(t.Context(), router.ActorControl, customer, view.Hold{Reason: "a case"}); err != nil {
				t.Fatal(err)
			}
		}
		row, err := d.ledger.Contact(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		ref := row.Messages[0].Ref
		doors := []string{
			"/c/" + row.Conversation, "/api/conversations/" + row.Conversation, "/api/contacts/" + id, "/api/originals/" + ref, "/m/" + ref + "/original",
			"/search?q=" + word, "/api/search?q=" + word, "/ledger?q=" + word, "/api/ledger", "/api/contacts", "/p/live", "/overview",
			"/customers?q=" + customer[:13], "/customers?q=Caller", "/api/customers?q=Caller", "/customers/" + customer, "/customers/" + customer + "/data", "/api/customers/" + customer,
			"/api/customers/" + customer + "/data",
		}
		open := 0
		until(t, "the search has it", func() bool { return strings.Contains(d.door(t, token, "/api/search?q="+word), "noted") })
		for _, door := range doors {
			if told := d.door(t, token, door); strings.Contains(told, word+" ") || strings.Contains(told, number) {
				open++
			}
		}
		if open < 10 {
			t.Errorf("only %d doors are open before: the test looks at the wrong ones", open)
		}
		e, err := decided.erase(t.Context(), router.ActorControl, customer)
		if err != nil || e.Ended {
			t.Fatalf("it is wiped already, or was not begun: %+v, %v", e, err)
		}
		closed := func(when string) {
			t.Helper()
			for _, door := range doors {
				if told := d.door(t, token, door); strings.Contains(told, word+" ") || strings.Contains(told, number) {
					t.Errorf("%s %s is read %s", word, door, when)
				}
			}
			if out := ok(t, "", "customers", "export", customer, "--to", t.TempDir(), "--json", "--data", dir); strings.Contains(out, number) {
				t.Errorf("the export says, %s: %s", when, out)
			}
		}
		closed("as it is decided")
		if in, err := d.words.Original(t.Context(), ref); err != nil || !strings.Contains(string(in.Raw), word) {
			t.Fatalf("the test comes too late, the words are wiped: %v", err)
		}
		d.startedAnew(t, ref)
		d.rights.stir()
		until(t, "it is done", func() bool {
			got, err := d.rights.erasure(t.Context(), e.ID)
			return err == nil && got.Ended
		})
		closed("after it is done")
		d.outOfReach(t, dir, customer, word)
		until(t, "nothing is veiled any more", func() bool {
			d.rights.veil.mu.RLock()
			defer d.rights.veil.mu.RUnlock()
			return len(d.rights.veil.over) == 0
		})
	}
}

// startedAnew has the rights begin as after a crash: whoever reads before they know what
// is being erased waits.
func (d *Daemon) startedAnew(t *testing.T, ref string) {
	t.Helper()
	r := newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, d.engine, d.words, d.rights.register, d.logger)
	r.directory = d.rights.directory
	shown := veiledWords{d.words, r.veil}
	hurried, end := context.WithCancel(t.Context())
	end()
	if _, err := shown.Original(hurried, ref); !errors.Is(err, context.Canceled) {
		t.Errorf("before it is known what is being erased: %v", err)
	}
	if err := r.coverPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := shown.Original(t.Context(), ref); !errors.Is(err, ledger.ErrGone) {
		t.Errorf("after a start the words are read: %v", err)
	}
}

// An erasure that is written down and can't begin is told to people, and goes on as soon
// as it can, though whoever asked for it was told of an error.
func TestErasureThatCannotBeginIsTold(t *testing.T) {
	t.Parallel()
	d, _, token := retainOffice(t)
	_, customer := d.called(t, token, "+49305555554", "zanzibarerased asks")
	halted := newRights(d.opts.Dir, d.cfg.Office, d.policy.Load, d.journal, d.ledger, d.engine, d.words, d.rights.register, d.logger)
	broken := true
	halted.directory = func(ctx context.Context) (*directory.Directory, error) {
		if broken && len(halted.register.Entries()) > 0 {
			return nil, errors.New("the disk is away")
		}
		return d.rights.directory(ctx)
	}
	if _, err := halted.erase(t.Context(), router.ActorControl, customer); err == nil {
		t.Fatal("nothing was in the way")
	}
	select {
	case <-halted.wake:
	default:
		t.Error("nobody goes on with what is written down")
	}
	if err := halted.finishAll(t.Context()); err == nil {
		t.Fatal("nothing was in the way of the job")
	}
	told := &Daemon{keeper: d.keeper, rights: halted}
	if all := strings.Join(told.Warnings(), "\n"); strings.Contains(all, "the disk is away") || !strings.Contains(all, halted.register.Entries()[0].Erasure) {
		t.Errorf("people read %q", all)
	}
	broken = false
	if err := halted.finishAll(t.Context()); err != nil || len(told.Warnings()) > 0 {
		t.Errorf("it does not go on: %v, %q", err, told.Warnings())
	}
	if e, err := halted.erasure(t.Context(), halted.register.Entries()[0].Erasure); err != nil || !e.Ended {
		t.Errorf("it has not ended: %+v, %v", e, err)
	}
	blind, end := context.WithCancel(t.Context())
	halted.sees(errors.New("the index is away"))
	if all := strings.Join(told.Warnings(), "\n"); !strings.Contains(all, "whose words are being erased") || strings.Contains(all, "the index is away") {
		t.Errorf("people read %q", all)
	}
	halted.coverFirst(blind)
	end()
	if all := told.Warnings(); len(all) > 0 {
		t.Errorf("people read still %q", all)
	}
}

// door gives what the desk answers, whatever that is.
func (d *Daemon) door(t *testing.T, token, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, d.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, "/api/") {
		req.Header.Set("Authorization", "Bearer "+token)
	} else {
		req.AddCookie(&http.Cookie{Name: "stagecoach", Value: token})
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
