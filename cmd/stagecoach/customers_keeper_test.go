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
