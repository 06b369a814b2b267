package ledger

import (
	"context"
	"time"

	"stagecoach/contact"
	"stagecoach/router"
)

type feedbackRow struct {
	num uint64
	at  time.Time
	router.FeedbackGiven
}

type ideaRow struct {
	at time.Time
	router.IdeaDecided
}

// feedback folds what customers say of answers, and what becomes of their ideas.
func (f *fold) feedback(ctx context.Context, ev router.Event) error {
	switch e := ev.(type) { //nolint:gochecksumtype // only these
	case router.FeedbackGiven:
		v, err := f.knownConversation(ctx, e.Conversation, "feedback_given")
		if v == nil {
			return err
		}
		c, err := f.contact(ctx, e.Contact)
		if err != nil {
			return err
		}
		id := f.line(v, c, Entry{
			Kind: "feedback_given", Item: e.Feedback, Agent: e.Agent, Code: string(e.Rating), Reason: string(e.Kind),
			Detail: Detail{Reply: e.Reply},
		})
		f.ratings = append(f.ratings, feedbackRow{num: id, at: f.at, FeedbackGiven: e})
	case router.IdeaDecided:
		v, err := f.knownConversation(ctx, e.Conversation, "idea_decided")
		if v == nil {
			return err
		}
		f.line(v, nil, Entry{Kind: "idea_decided", Actor: e.By, Item: e.Idea, Code: string(e.State), Remark: e.Ref})
		f.ideas = append(f.ideas, ideaRow{at: f.at, IdeaDecided: e})
	case router.PageLinksEnded:
		v, err := f.knownConversation(ctx, e.Conversation, "page_links_ended")
		if v == nil {
			return err
		}
		v.facts.PageEpoch, v.facts.Touched = e.Epoch, f.n
		f.line(v, nil, Entry{Kind: "page_links_ended", Actor: e.By})
	}
	return nil
}

// voiceOf says what sort of thing was said: a good vote is praise, too.
func voiceOf(r *feedbackRow) string {
	if r.Kind == "" && r.Rating == contact.RatedGood {
		return string(contact.FeedbackPraise)
	}
	return string(r.Kind)
}

// feedback writes what customers said. Of one contact the last rating counts; one with
// the link alone only where it is the first, as nobody knows whose it is.
func (w *writer) feedback() {
	for i := range w.f.ratings {
		r := &w.f.ratings[i]
		if r.Contact != "" && r.Rating != "" && !r.ByLink {
			w.exec(w.s.oldFeedback, r.Contact)
		}
		w.exec(w.s.newFeedback, r.num, r.Feedback, r.Conversation, r.Contact, r.Customer, r.Agent, r.Reply,
			string(r.Rating), string(r.Kind), r.Ref, r.Follow, micros(r.at), r.ByLink, voiceOf(r))
	}
	for i := range w.f.ideas {
		d := &w.f.ideas[i]
		w.exec(w.s.idea, d.Idea, string(d.State), micros(d.at), d.By, d.Ref, d.Reply)
	}
}
