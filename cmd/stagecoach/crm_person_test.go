package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/router"
)

// TestCRMIsAskedAboutThePerson: whoever turns out to be a customer of the list is asked
// about by the list's number, also where they write from; and not at all where they have
// objected under another of their addresses.
func TestCRMIsAskedAboutThePerson(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if strings.HasSuffix(r.URL.Path, "/K-1") {
			fmt.Fprint(w, `{"external_id": "K-1", "value": 812}`)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	d := crmDaemon(t, filepath.Join(t.TempDir(), "data"), "")
	crm := d.cfg.CRM
	crm.IDURL = server.URL + "/{external_id}"
	now, err := newCRM(&crm, d.logger)
	if err != nil {
		t.Fatal(err)
	}
	d.askCRM(now)
	o := &reloadedOffice{d: d}
	row := func(n int, number string) *customers.Record {
		at := time.Now().UTC()
		return &customers.Record{
			ID: fmt.Sprintf("0190c0de-0000-7000-8000-%012d", n), External: fmt.Sprintf("K-%d", n), Version: 1, MadeAt: at, ChangedAt: at, By: "import",
			Identities: []customers.Identity{{Channel: contact.Phone, Address: number, Source: customers.FromImport, At: at}},
		}
	}
	known, objects := row(1, "+4930123456"), row(2, "+4930654321")
	objects.Objection = &customers.Mark{At: time.Now(), By: "customer"}
	if err := d.directory.PutAll(t.Context(), []*customers.Record{known, objects}); err != nil {
		t.Fatal(err)
	}
	visit := func(badge, number string) string {
		m := said("v"+badge, contact.Visit, "badge "+badge, "A. M.", "I am here about it.")
		m.Vouched = []contact.Identity{{Channel: contact.Phone, Address: number}}
		return take(t, d, m).Contact
	}
	first := visit("17", "+49 30 123456")
	o.until(t, "what the CRM knows of the person", func(s *router.State) bool {
		c := s.Contacts[first]
		return c.Customer != known.ID && c.Known != nil && c.Known.CRM.Amount == 812*customers.Micro
	})
	before := asked.Load()
	second := visit("18", "+49 30 654321")
	var n uint64
	if err := d.engine.View(t.Context(), func(s *router.State) { n = s.N }); err != nil {
		t.Fatal(err)
	}
	base := ""
	o.until(t, "the second", func(s *router.State) bool { base = s.Contacts[second].Customer; return base != "" })
	d.askAbout(t.Context(), askedFor{customer: base, n: n})
	if got := asked.Load(); got != before {
		t.Errorf("the CRM was asked %d times about who objects", got-before)
	}
}

// Who turns out to be somebody else while the CRM is asked about them is asked about
// once more, as whoever they are then.
func TestCRMIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	b := &busy{now: map[string]*askedFor{}}
	if !b.begin(askedFor{"a", 1}) || b.begin(askedFor{"a", 2}) || b.begin(askedFor{"a", 3}) || !b.begin(askedFor{"b", 4}) {
		t.Error("one customer is asked about twice at a time, or another isn't")
	}
	if next, more := b.done("a"); !more || next.n != 3 {
		t.Errorf("then %+v, %v; want the newest cause", next, more)
	}
	if next, more := b.done("a"); more {
		t.Errorf("then %+v for no cause", next)
	}
	if !b.begin(askedFor{"a", 5}) {
		t.Error("never asked about again")
	}
}
