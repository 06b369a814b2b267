package web

import (
	"time"

	"stagecoach/desk/view"
)

// samplePreview is what a policy set would change.
func samplePreview() view.PolicyPreview {
	return view.PolicyPreview{
		Version: "1ab2c3d4e5f6", Open: 1214, Read: 1000, Classes: 12, Queues: 214, Earlier: 96, Later: 3, Told: 3, Overdue: 1, Impossible: 1,
		Words:    []string{"214 contacts would stand in another queue.", "96 would be due earlier, 3 later.", "3 customers were told a time that would no longer hold."},
		Examples: []view.PolicyDifference{{Contact: "c1", Conversation: "v1", At: sampleNow, What: []string{"would be late at once"}}},
		Warnings: []string{"sla.yaml:3:1: figures: this build does not act on it yet"},
	}
}

// samplePolicy is a policy set that decides, with all that can be said of one.
func samplePolicy() view.Policy {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now := view.PolicyChange{Version: "8eab1b64070b", At: at, By: "lead", ByName: "Lea Lead", Author: "second", AuthorName: "Sam Second", Reason: "approved", Remark: "summer hours", Contacts: 214, Kept: true}
	return view.Policy{
		Active: now, Directory: "/etc/stagecoach/policies", Trouble: "/etc/stagecoach/policies/sla.yaml:29:1: defalt: unknown key (did you mean default?)",
		Approval: "two", PromisesLeft: 120, ClassesLeft: 900,
		Warnings: []string{"sla.yaml:3:1: figures: this build does not act on it yet"},
		Classifier: &view.PolicyClassifier{
			Host: "classify.example.org", Consulted: true, Asked: 1200, Answered: 1100, Paused: true, Last: "it did not answer within its time limit",
			Troubles: []view.ClassifierTrouble{{Code: "time_out", Words: "did not answer in time", Count: 88}, {Code: "unsure", Words: "was less sure than the policy asks for", Count: 12}},
		},
		Failures: []view.PolicyFailure{{File: "classes.yaml", Rule: "angry", Count: 12}},
		Drafts:   []view.PolicyDraft{{ID: "d1", Version: "1ab2c3d4e5f6", By: "second", ByName: "Sam Second", At: at, Remark: "letters are answered in two days"}},
		Shadow: &view.PolicyShadow{
			Version: "77c654df063b", By: "lead", ByName: "Lea Lead", Since: at, Contacts: 89, Other: 1, Queues: 1, Later: 1,
			Failures: []view.PolicyFailure{{File: "sla.yaml", Rule: "gold", Count: 1}},
			Last:     []view.PolicyDifference{{Contact: "c1", Conversation: "v1", At: at, What: []string{"queue billing instead of general", "due 2h0m0s later"}}},
		},
		History: []view.PolicyChange{now, {Version: "77c654df063b", At: at.Add(-time.Hour), By: "router", ByName: "the policy directory", Reason: "start", Contacts: 27, Kept: true}, {Version: "000000000000", At: at.Add(-2 * time.Hour)}},
	}
}
