package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/contact"
	"stagecoach/policies"
	"stagecoach/router"
	"stagecoach/router/forecast"
	hours "stagecoach/router/sla"
)

// visits finds out what the visitors of one chat may expect. Only one goroutine
// asks at a time.
type visits struct {
	chats   *chats
	account string
	// conversations are those of the threads that are asked about.
	conversations map[string]string
}

// placedAtOnce is how many threads are looked for in the ledger at a time, as when
// all visitors come back after a restart.
const placedAtOnce = 500

// find looks once at the router, however many threads there are.
func (v *visits) find(ctx context.Context, threads []string) (told, error) {
	keys, err := v.place(ctx, threads)
	if err != nil {
		return told{}, err
	}
	now := time.Now()
	set := v.chats.policy()
	cal := set.Calendar(set.Promise(policies.Facts{Channel: contact.WebChat, Account: v.account}).Calendar)
	present := false
	var usual forecast.Expectation
	yours := map[string]time.Duration{}
	err = v.chats.engine.View(ctx, func(st *router.State) {
		for _, a := range st.Agents {
			present = present || !a.Removed && (a.Presence == contact.Available || a.Presence == contact.Busy)
		}
		usual, _ = st.Forecast.Channel(string(contact.WebChat), now)
		for thread, key := range keys { // what the ledger hasn't yet, the router has
			if e := st.Index[key]; e != nil && e.Conversation != "" {
				v.conversations[thread] = e.Conversation
			}
		}
		for thread, id := range v.conversations {
			if c := st.Conversations[id]; c != nil {
				if x, ok := st.Forecast.Told(c.Contact, now); ok {
					yours[thread] = within(now, cal, x)
				}
			}
		}
	})
	if err != nil {
		return told{}, fmt.Errorf("looking who is there and who waits: %w", err)
	}
	return told{all: prospect(now, cal, present, usual), yours: yours}, nil
}

// place finds the conversations of threads, and gives the keys of those that the
// ledger doesn't know.
func (v *visits) place(ctx context.Context, threads []string) (keys map[string]string, err error) {
	keys, before := map[string]string{}, v.conversations
	v.conversations = make(map[string]string, len(threads))
	for _, thread := range threads {
		if id := before[thread]; id != "" {
			v.conversations[thread] = id
		} else {
			keys[thread] = v.chats.keys.Of("thread", string(contact.WebChat), v.account, thread)
		}
	}
	if len(keys) == 0 {
		return keys, nil
	}
	var wanted []string
	for _, key := range keys {
		if len(wanted) < placedAtOnce {
			wanted = append(wanted, key)
		}
	}
	_, known, err := v.chats.ledger.Known(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("looking for the conversations of visitors: %w", err)
	}
	maps.DeleteFunc(keys, func(thread, key string) bool {
		found := known[key].Conversation
		if found != "" {
			v.conversations[thread] = found
		}
		return found != ""
	})
	return keys, nil
}

// prospect says what is true of what is known: the hours as they are, whether
// somebody is there, and nothing of a time that is not known.
func prospect(now time.Time, cal hours.Calendar, present bool, usual forecast.Expectation) webchat.Outlook {
	out := webchat.Outlook{Known: true, Closed: !hours.Open(now, cal)}
	if out.Closed {
		out.Opens = opens(cal, now)
		return out
	}
	if out.Open = present; present && usual.P90 > 0 {
		out.Answered = within(now, cal, usual)
	}
	return out
}

// within gives within what nine of ten are answered, with the hours in between in
// which it is closed.
func within(now time.Time, cal hours.Calendar, x forecast.Expectation) time.Duration {
	return max(cal.Add(now, x.P90).Sub(now), time.Second)
}

// opens gives when working time begins again.
func opens(cal hours.Calendar, now time.Time) time.Time {
	return cal.Add(now, time.Minute).Add(-time.Minute)
}
