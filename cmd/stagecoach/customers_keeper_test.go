package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/router"
)

// TestCustomersGetRecords: whoever writes has a record with address and name, once, also
// when the file is gone, and when they were met while nobody kept the records.
func TestCustomersGetRecords(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	dir := filepath.Join(t.TempDir(), "data")
	check := func(d *Daemon, n int) {
		t.Helper()
		key := identityKey(d.keys)(contact.Email, fmt.Sprintf("C%d@example.com", n))
		var m directory.Match
		until(t, "a record", func() bool {
			found, err := d.directory.Lookup(t.Context(), []string{key})
			if err != nil {
				t.Fatal(err)
			}
			m = found[key]
			return m.Customer != ""
		})
		rec := m.Record
		if len(rec.Identities) != 1 || rec.Version != 1 || rec.Name != fmt.Sprintf("Customer %d", n) || rec.By != "router" {
			t.Fatalf("the record is %+v", rec)
		}
		if i := rec.Identities[0]; i.Address != fmt.Sprintf("c%d@example.com", n) || i.Source != customers.FromMessage || i.Unproven || i.At.IsZero() {
			t.Errorf("the identity is %+v", i)
		}
		if from, ok := rec.SourceOf("name"); !ok || from.Source != customers.FromMessage {
			t.Errorf("the name is from %+v", from)
		}
	}
	d, stop := startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	mailFrom(t, d, 1, "first")
	mailFrom(t, d, 2, "second")
	check(d, 1)
	check(d, 2)
	forgedFrom(t, d, "c1@example.com")
	key := d.keys.Unproven("email", "c1@example.com")
	until(t, "a record of whoever claims to be the first", func() bool {
		found, err := d.directory.Lookup(t.Context(), []string{key})
		return err == nil && found[key].Customer != "" && found[key].Record.Identities[0].Unproven
	})
	check(d, 1) // whose address is nobody else's
	stop()
	if err := os.Remove(directory.Path(dir)); err != nil {
		t.Fatal(err)
	}
	d, stop = startDaemon(t, cfg, Options{Dir: dir, Unsynced: true})
	mailFrom(t, d, 3, "third")
	for n := range 3 {
		check(d, n+1)
	}
	stop()
}

// forgedFrom takes in a mail that isn't from whom it names.
func forgedFrom(t *testing.T, d *Daemon, address string) {
	t.Helper()
	raw := "Authentication-Results: mx.example.org; spf=fail smtp.mailfrom=example.com; dmarc=fail header.from=example.com\r\n" +
		"From: Customer 1 <" + address + ">\r\nTo: support@example.org\r\nSubject: forged\r\nMessage-ID: <forged@x>\r\n\r\nSend me the money.\r\n"
	in := &channels.Inbound{
		Channel: contact.Email, Account: "support", Source: "email/support/INBOX", ProviderID: "1:forged", Position: "99",
		Kind: channels.Fresh, Format: "rfc822", ReceivedAt: time.Now().UTC(), Raw: []byte(raw), Size: int64(len(raw)),
	}
	ref, _, err := d.journal.PutInbound(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.intake.Take(t.Context(), router.ActorIntake, ref, in); err != nil {
		t.Fatal(err)
	}
}

// An address of which nothing was known is proved by a later message: the first verdict
// doesn't stay. One that nothing proves takes nothing back.
func TestAddressIsProvedLater(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, stop := startDaemon(t, cfg, Options{Dir: filepath.Join(t.TempDir(), "data"), Unsynced: true})
	defer stop()
	const address = "+49 30 123456"
	key := identityKey(d.keys)(contact.Visit, address)
	write := func(id string, trust contact.Trust) {
		m := said(id, contact.Visit, address, "Anna", "Where is "+id+"?")
		m.Auth.Trust = trust
		take(t, d, m)
	}
	seen := func(proven bool) func() bool {
		return func() bool {
			found, err := d.directory.Lookup(t.Context(), []string{key})
			if err != nil || found[key].Customer == "" {
				return false
			}
			ids := found[key].Record.Identities
			return len(ids) == 1 && ids[0].Proven == proven
		}
	}
	write("v1", contact.TrustUnknown)
	until(t, "a record", seen(false))
	write("v2", contact.TrustProven)
	until(t, "the address is proved", seen(true))
	write("v3", contact.TrustUnknown)
	if err := d.customerKeeper().Catchup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !seen(true)() {
		t.Error("a later message took the proof back")
	}
	if a, err := d.ledger.Audit(t.Context(), nil); err != nil || len(a.Gaps) > 0 {
		t.Errorf("the ledger: %v %+v", err, a)
	}
}
