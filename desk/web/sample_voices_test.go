package web

import (
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
)

// sampleVoices is what customers say, from much to little.
func sampleVoices() view.Voices {
	share := func(v, low, high float64) *ledger.Share { return &ledger.Share{Value: v, Low: low, High: high} }
	few := ledger.Gauge{Name: "gold", Answered: 12, Kept: 12, Good: 2, Bad: 1, KeptShare: share(1, 0.76, 1), GoodShare: share(0.67, 0.21, 0.94), Gap: share(33.3, -1.2, 79.4)}
	many := ledger.Gauge{Name: "email", Answered: 1840, Kept: 1781, Good: 240, Bad: 88, KeptShare: share(0.968, 0.96, 0.975), GoodShare: share(0.732, 0.68, 0.777), Gap: share(23.6, 19, 28.8), Sure: true}
	at := func(hours int) time.Time { return sampleNow.Add(-time.Duration(hours) * time.Hour) }
	voice := func(id, name, agent, text string, hours int) view.Voice {
		return view.Voice{ID: id, Conversation: "c" + id, Contact: id, Customer: "p" + id, Name: name, Agent: agent, AgentName: agent, Rating: "good", Text: text, At: at(hours)}
	}
	byLink := voice("3", "Tomáš Novák", "Anna Amsel", "", 30)
	byLink.ByLink = true
	bad := voice("4", "Jean-Baptiste Lefèvre", "Lucas Moreau", "It took three answers until somebody had read my question, and the address is still the old one on all papers that came with the parcel.", 5)
	bad.Rating = "bad"
	idea := voice("5", "ليلى حداد", "", "أرسلوا الفاتورة مع الطرد", 60)
	return view.Voices{
		Report: &ledger.Satisfaction{All: many, Tiers: []ledger.Gauge{few}, Channels: []ledger.Gauge{many}, Classes: []ledger.Gauge{{Name: "billing", Answered: 3, Kept: 3, KeptShare: share(1, 0.44, 1)}}},
		Fans:   []view.Fan{{Customer: "p1", Name: "Miriam Köhler", Praise: 4, Ideas: 2, Last: at(3), Conversation: "c1"}, {Customer: "p5", Praise: 0, Ideas: 1, Last: at(60), Conversation: "c5"}},
		Ideas: []view.Idea{
			{Voice: voice("6", "Miriam Köhler", "", "Sell the lamp in green, too: all of my neighbours ask me for it, and none of them likes the grey one.", 3), State: "open"},
			{Voice: idea, State: "planned", DecidedBy: "Lea Lead", DecidedAt: at(10), Remark: "from May on", Told: true},
		},
		Praise:     []view.Voice{voice("1", "Miriam Köhler", "Anna Amsel", "Das ging schnell, vielen Dank!", 3), voice("2", "Daniel Okafor", "Lucas Moreau", "You saved my tour.", 8), byLink},
		Complaints: []view.Voice{bad},
	}
}

// samplePerson is one person with two records and a proposal.
func samplePerson() *view.CustomerPerson {
	a, b := view.CustomerName{ID: "p1", Name: "Miriam Köhler", Known: "email miriam.koehler@example.org"}, view.CustomerName{ID: "p2", Known: "mastodon @miriam@fedi.example"}
	return &view.CustomerPerson{
		ID: "p1", Name: "Miriam Köhler", Members: []string{"p1", "p2"}, External: []string{"K-1042"},
		Identities: []view.CustomerIdentity{
			{Channel: contact.Email, Address: "miriam.koehler@example.org", Source: "they wrote from it", At: sampleNow, Proven: true, Customer: "p1"},
			{Channel: contact.Mastodon, Address: "@miriam@fedi.example", Source: "they wrote from it", At: sampleNow, Customer: "p2"},
		},
		Facts:         []view.CustomerFact{{Name: "Prefers", Value: "wherever they write", Source: "they said so", At: sampleNow}},
		Links:         []view.CustomerLink{{ID: "l1", A: a, B: b, State: "holds", Evidence: "agent", Why: "confirmed by a person", By: "Anna Amsel", At: sampleNow}},
		Proposals:     []view.CustomerLink{},
		Past:          []view.CustomerLink{},
		Conversations: []view.Card{{Conversation: "c1", Channel: contact.Email, Subject: "Rechnung 20413", State: "ended", Start: sampleNow}},
	}
}
