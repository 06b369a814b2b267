package ledger

import (
	"context"
	"strings"

	"stagecoach/router"
)

// escalated folds one step of the ladder.
func (f *fold) escalated(ctx context.Context, e *router.Escalated) error {
	c, v, err := f.knownContact(ctx, e.Contact, "escalated")
	if c == nil {
		return err
	}
	c.facts.Climb(e)
	f.touchContact(c)
	if e.Conversation != "" && v != nil {
		v.facts.Climb(e)
		v.facts.Touched = f.n
		f.touchConversation(v)
	}
	line := Entry{
		Kind: "escalated", Code: e.Action, Until: e.At,
		Detail: Detail{Policy: e.Policy, Step: e.Step, Outcome: string(e.Outcome), Promise: string(e.Promise), Queue: e.Queue, LastResort: e.To},
	}
	if len(e.Agents) > 0 {
		line.Agent = e.Agents[0]
	}
	f.line(v, c, line)
	return nil
}

// ladderPlanned folds when the next step comes. It is no line of the story.
func (f *fold) ladderPlanned(ctx context.Context, e *router.LadderPlanned) error {
	c, _, err := f.knownContact(ctx, e.Contact, "ladder_planned")
	if c == nil {
		return err
	}
	c.facts.StepAt = e.Next
	f.touchContact(c)
	return nil
}

// escalationTold folds that whom a step tells outside the desk was told.
func (f *fold) escalationTold(ctx context.Context, e *router.EscalationTold) error {
	for _, id := range e.Tellings {
		of, step, _ := strings.Cut(id, "/")
		line := Entry{Kind: "escalation_told", Reason: e.Failed, Code: strings.Join(e.By, ", "), Detail: Detail{Step: step}}
		c, err := f.contact(ctx, of)
		if err != nil {
			return err
		}
		if c != nil {
			v, err := f.conversation(ctx, c.facts.Conversation)
			if err != nil {
				return err
			}
			f.line(v, c, line)
			continue
		}
		v, err := f.knownConversation(ctx, of, "escalation_told")
		if err != nil {
			return err
		}
		if v != nil {
			f.line(v, nil, line)
		}
	}
	return nil
}
