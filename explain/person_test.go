package explain_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
	"stagecoach/explain"
	"stagecoach/ledger"
	"stagecoach/router"
)

// TestPersonSteps tells what happens to a contact because of who its customer is and
// where they want to be answered, line by line, in both languages.
func TestPersonSteps(t *testing.T) {
	at := time.Date(2026, 3, 28, 20, 10, 0, 0, time.UTC)
	worth := func(change func(k *customers.Facts)) *customers.Facts {
		k := &customers.Facts{
			Value: 812 * customers.Micro, ValueSource: customers.FromImport, ValueAt: at.AddDate(0, 0, -9), Orders: 14, LastOrder: "2026-03-20",
			OrdersSource: "import", TierRule: "gold",
		}
		change(k)
		return k
	}
	know := func(k *customers.Facts, tier string) ledger.Entry {
		return ledger.Entry{Kind: "customer_changed", Actor: router.ActorRouter, Detail: ledger.Detail{Known: k, Tier: tier}}
	}
	chosen := func(ch contact.Channel, source, by string, failed contact.Channel) ledger.Entry {
		return ledger.Entry{Kind: "reply_channel_chosen", Actor: by, Channel: ch, Code: source, Reason: string(failed)}
	}
	held := func(kind, why, by string) ledger.Entry {
		return ledger.Entry{Kind: kind, Actor: by, Reason: why, Until: at.Add(10 * time.Hour)}
	}
	joined := func(kind, cause, by string) ledger.Entry {
		return ledger.Entry{Kind: kind, Actor: by, Code: cause, Channel: contact.WebChat}
	}
	stories := map[string][]ledger.Entry{
		"29-where-the-answer-goes": {
			chosen(contact.Email, customers.PreferStated, "anna", ""), chosen(contact.Email, customers.PreferImport, router.ActorRouter, ""),
			chosen(contact.Mastodon, customers.PreferLearnt, router.ActorRouter, ""), chosen(contact.Slack, customers.PreferArrival, router.ActorRouter, ""),
			chosen(contact.Email, customers.PreferPrivate, router.ActorRouter, ""), chosen(contact.WebChat, customers.PreferFailed, router.ActorSender, contact.Email),
		},
		"30-held-and-let-go": {
			held("outbound_held", customers.HeldQuiet, "anna"), held("outbound_held", customers.HeldWeekly, "anna"), held("outbound_released", "", router.ActorRouter),
			held("outbound_released", "", router.ActorSender), held("outbound_released", "", "anna"), held("outbound_dropped", router.ReasonTakenBack, "anna"),
		},
		"31-more-is-known": {
			know(worth(func(*customers.Facts) {}), "gold"),
			know(worth(func(k *customers.Facts) { k.Stale = true }), "gold"),
			know(worth(func(k *customers.Facts) {
				k.ValueSource, k.Stale, k.CRM = customers.FromCRM, true, customers.Given{Stale: true}
			}), "gold"),
			know(worth(func(k *customers.Facts) { k.Objected, k.Stale = true, true }), "silver"),
			know(&customers.Facts{}, ""),
			{Kind: "customer_changed", Actor: router.ActorRouter, Channel: contact.Email, Until: at.Add(time.Hour), Detail: ledger.Detail{Known: &customers.Facts{}}},
		},
		"32-one-person": {
			joined("conversation_joined", "same_matter", router.ActorIntake), joined("conversation_joined", "linked", "anna"),
			joined("conversation_joined", "agent", "anna"), joined("conversation_parted", "", "anna"),
		},
	}
	for name, steps := range stories {
		w := &ledger.Why{Row: ledger.Row{Contact: router.Contact{ID: "c", State: router.AssignedTo, Agent: "anna", Start: at, Due: at.Add(time.Hour)}}}
		for i := range steps {
			steps[i].N, steps[i].At = uint64(i+1), at.Add(time.Duration(i)*time.Second)
		}
		w.Steps = steps
		for _, l := range explain.Languages() {
			teller := newScene(t).teller(l)
			teller.Now = at.Add(time.Minute)
			_, got, _ := strings.Cut(teller.Story(&explain.Story{Log: w}), "\n\n")
			_, got, _ = strings.Cut(got, "\n\n")
			if n := strings.Count(got, "\n"); n != len(steps)+1 {
				t.Errorf("%s, %s: %d lines for %d steps:\n%s", name, l, n-1, len(steps), got)
			}
			for _, bad := range []string{"%!", ",,", "..", ". ;", ".;", "<nil>"} {
				if strings.Contains(got, bad) {
					t.Errorf("%s has %q:\n%s", l, bad, got)
				}
			}
			golden(t, filepath.Join("testdata", name+"."+string(l)+".txt"), got)
		}
	}
}
