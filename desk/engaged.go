package desk

import (
	"context"

	"stagecoach/desk/view"
	"stagecoach/router"
)

// engaged tells with whom a live conversation goes on, nil where with nobody.
func (s *Service) engaged(who Who, c *conversationFacts) *view.Engaged {
	e := c.engaged
	if e == nil {
		return nil
	}
	return &view.Engaged{
		Agent: e.Agent, AgentName: s.accounts.name(e.Agent), Units: e.Units, Until: e.Until,
		MayEnd: e.Agent == who.ID || who.Supervisor(),
	}
}

// EndLive says that an answered live conversation is over: what it takes of its
// agent's capacity is free at once. The customer's next message opens it again.
// Where it was over already, nothing is done.
func (s *Service) EndLive(ctx context.Context, who Who, commandID, conversation string) (view.Done, error) {
	if _, err := s.conversation(ctx, conversation); err != nil {
		return view.Done{}, err
	}
	return s.do(ctx, who, commandID, router.Disengage{Conversation: conversation})
}
