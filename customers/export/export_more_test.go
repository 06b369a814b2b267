package export_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/customers/export"
)

// All to whom an answer went stand in the mailbox, and what is known of somebody stands
// on the page as people write it.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	got := written(t, &export.Person{
		Made: at, Customers: []string{"c1"}, Name: "Ada",
		Records: []customers.Record{{
			ID: "c1", External: "K-1", Zone: "Europe/Berlin", Since: "2019-04-02", Tags: []string{"press", "loyal"},
			Values: []customers.Value{{Amount: 1840500.5, Source: "import", At: at}},
		}},
		Conversations: []export.Conversation{{ID: "v1", Channel: contact.Slack, OpenedAt: at, Items: []export.Item{
			{Kind: "reply", ID: "r1", At: at, Channel: contact.Slack, From: contact.Address{Name: "Anna"}, To: []string{"ada", "ben"}, Text: "to both"},
		}}},
	})
	m, err := mail.ReadMessage(strings.NewReader(unquoted(got["messages.mbox"])[0]))
	if err != nil {
		t.Fatal(err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 2 {
		t.Errorf("it went to %v, %v", to, err)
	}
	for _, want := range []string{"1840500.5 (from import", "Europe/Berlin", "2019-04-02", "press, loyal"} {
		if !strings.Contains(got["index.html"], want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
