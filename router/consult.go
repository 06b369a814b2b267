package router

import (
	"context"
	"time"

	"stagecoach/policies"
)

// Consulted is a message about which an external classifier is asked.
type Consulted struct {
	policies.ClassifyInput
	// Since is when it was read from INBOX: what it says later than its time limit
	// after that helps nobody. Zero for just now.
	Since time.Time
}

// consult asks an external classifier about what people wrote, before the router is:
// its word goes into the log with what was made of it.
func (i *Intake) consult(ctx context.Context, read ...*reading) {
	set := i.cfg.Policy()
	if i.cfg.Consult == nil || !set.Consults() {
		return
	}
	var about []*reading
	var asked []Consulted
	for _, r := range read {
		if r.message == nil || r.message.Auto.Answers() || r.cmd.Kind == KindHistory {
			continue
		}
		about = append(about, r)
		asked = append(asked, Consulted{ClassifyInput: i.question(r.cmd, r.message), Since: r.at})
	}
	if len(asked) == 0 {
		return
	}
	for n, said := range i.cfg.Consult(ctx, set, asked) {
		heard := set.Hear(said)
		about[n].cmd.Asked.Said = &heard
	}
}
