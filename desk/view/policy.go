package view

import "time"

// Policy is which policy set decides, and how it came to.
type Policy struct {
	Active PolicyChange `json:"active"`
	// Directory is the policy directory, "" where what is built in decides; Trouble
	// says why the directory as it is now was not taken up, "" if it was.
	Directory string `json:"directory"`
	Trouble   string `json:"trouble"`
	// Approval is how many supervisors must agree, one or two.
	Approval string `json:"approval"`
	// PromisesLeft and ClassesLeft count the open contacts that are still to be
	// promised and classed anew since the last change.
	PromisesLeft int `json:"promises_left"`
	ClassesLeft  int `json:"classes_left"`
	// Warnings are settings without effect; Failures are rules that broke while
	// they were asked.
	Warnings []string        `json:"warnings"`
	Failures []PolicyFailure `json:"failures"`
	// Classifier is the external classifier, nil where none is configured.
	Classifier *PolicyClassifier `json:"classifier,omitempty"`
	Drafts     []PolicyDraft     `json:"drafts"`
	// Shadow is tried beside the active set, nil if none is.
	Shadow *PolicyShadow `json:"shadow,omitempty"`
	// History is who activated what, the newest first.
	History []PolicyChange `json:"history"`
}

// PolicyChange is one activation.
type PolicyChange struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	// By and Author are ids; the names beside them are for people. Author has
	// drafted what By has approved.
	By         string `json:"by"`
	ByName     string `json:"by_name"`
	Author     string `json:"author,omitempty"`
	AuthorName string `json:"author_name,omitempty"`
	// Reason is a code: start, directory, activated, approved, rollback, upgrade.
	Reason string `json:"reason"`
	Remark string `json:"remark"`
	// Contacts counts those that were opened under it.
	Contacts uint64 `json:"contacts"`
	// Kept is true where it can be rolled back to.
	Kept bool `json:"kept"`
}

// PolicyFailure is a rule that broke while it was asked, and so didn't match.
type PolicyFailure struct {
	File  string `json:"file"`
	Rule  string `json:"rule"`
	Count int64  `json:"count"`
}

// PolicyClassifier is how it stands with the external classifier since the daemon
// started.
type PolicyClassifier struct {
	Host string `json:"host"`
	// Consulted is false where the policy never asks it.
	Consulted bool `json:"consulted"`
	// Asked counts messages, Answered those on which it had a word that counts, and
	// Troubles the others.
	Asked    int64               `json:"asked"`
	Answered int64               `json:"answered"`
	Troubles []ClassifierTrouble `json:"troubles"`
	// Paused is true while it is left alone, as it has failed often.
	Paused bool `json:"paused"`
	// Last says in words what went wrong last, "" for nothing.
	Last   string    `json:"last,omitempty"`
	LastAt time.Time `json:"last_at,omitzero"`
}

// ClassifierTrouble counts the messages on which it had no word that counts.
type ClassifierTrouble struct {
	Code  string `json:"code"`
	Words string `json:"words"`
	Count int64  `json:"count"`
}

// PolicyDraft waits for a second supervisor.
type PolicyDraft struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	By      string    `json:"by"`
	ByName  string    `json:"by_name"`
	At      time.Time `json:"at"`
	Remark  string    `json:"remark"`
}

// PolicyShadow is what a set would have decided that is tried beside the active
// one, since the daemon started or it began.
type PolicyShadow struct {
	Version string    `json:"version"`
	By      string    `json:"by"`
	ByName  string    `json:"by_name"`
	Since   time.Time `json:"since"`
	// Contacts counts those that it has looked at, the others those among them of
	// which it would have decided something else.
	Contacts int `json:"contacts"`
	Other    int `json:"other"`
	Classes  int `json:"classes"`
	Queues   int `json:"queues"`
	Demands  int `json:"demands"`
	Earlier  int `json:"earlier"`
	Later    int `json:"later"`
	// Compared counts those of which the rule was asked, by either set, whom it would
	// ask first, the contact being the only one that waits; Winners those among them
	// of which that is somebody else.
	Compared int `json:"compared"`
	Winners  int `json:"winners"`
	// Failures are its rules that broke.
	Failures []PolicyFailure `json:"failures"`
	// Last are the last differences, the newest first.
	Last []PolicyDifference `json:"last"`
}

// PolicyDifference is one contact that another set would have treated otherwise.
type PolicyDifference struct {
	Contact      string    `json:"contact"`
	Conversation string    `json:"conversation"`
	At           time.Time `json:"at"`
	// What says in words what is other.
	What []string `json:"what"`
}

// PolicyPreview is what another set would change of what is open now.
type PolicyPreview struct {
	Version string `json:"version"`
	// Open counts all open contacts; Read counts those of which the words were read
	// again, the others are taken for what they are.
	Open int `json:"open"`
	Read int `json:"read"`
	// The following count contacts: of another class, in another queue, due earlier
	// or later, and no longer at risk.
	Classes int `json:"classes"`
	Queues  int `json:"queues"`
	Earlier int `json:"earlier"`
	Later   int `json:"later"`
	// Told counts those whose customer was told a time that would become longer: each
	// keeps it unless that is confirmed with this number.
	Told int `json:"told"`
	// Overdue counts those that would be late at once.
	Overdue int `json:"overdue"`
	// Impossible counts those that nobody could take any more and that somebody could
	// before; Possible those that it is the other way round with.
	Impossible int `json:"impossible"`
	Possible   int `json:"possible"`
	// Examples name some of those that would be told another time, be late or be
	// impossible.
	Examples []PolicyDifference `json:"examples"`
	Warnings []string           `json:"warnings"`
	// Words is all of it in plain words, a line each.
	Words []string `json:"words"`
}

// Simulating is how far a simulation is.
type Simulating struct {
	// Running is true while there is one.
	Running bool `json:"running"`
	// What says what is being done, "" while none runs; Total is 0 where nobody knows
	// how much there is.
	What  string `json:"what"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}
