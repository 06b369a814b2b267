package policies

import (
	"fmt"
	"slices"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/contact"
)

// OfferRule says how contacts of a channel are offered.
type OfferRule struct {
	// TimeOut is how long an agent has to answer an offer.
	TimeOut time.Duration
	// CoolDown is how long the same contact isn't offered to the same agent
	// again after a refusal or a missed offer.
	CoolDown time.Duration
	// Parallel is how many agents are asked at the same time, at least 1.
	Parallel int
	// Auto means that an offer is taken as accepted at once.
	Auto bool
	// StickyHold is how long a contact waits for the agent who knows the
	// customer, 0 for not at all.
	StickyHold time.Duration
	// Live means that the customer sits there waiting.
	Live bool
	// FirstWords is how long the first words of a live answer take.
	FirstWords time.Duration
	// Quiet is after how long without a word a live conversation is over for its
	// agent, 0 where the answer is its end.
	Quiet time.Duration
	// Urgent is how many agents are asked at the same time where one who doesn't
	// answer would break the promise, at least 1.
	Urgent int
	// SilenceLeast is the least time that a silent holder has.
	SilenceLeast time.Duration
}

// Timing holds the times and limits that are the same for all channels.
type Timing struct {
	// Heartbeat is how long without a sign of life makes an agent unreachable.
	Heartbeat time.Duration
	// ChatReturn is after how much longer their live chats go back.
	ChatReturn time.Duration
	// MissesUntilAway is how many missed offers in a row set an agent to away.
	MissesUntilAway int
	// SilentWarnShare and SilentPullShare are shares of the time from accepting
	// to due, after which a silent agent is warned and the contact pulled back,
	// but never sooner than SilentLeast after accepting.
	SilentWarnShare, SilentPullShare float64
	SilentLeast                      time.Duration
	// PledgeDays is how many working days ahead an agent may pledge; see
	// PledgeLimit. PledgeRow is how many pledges may follow each other.
	PledgeDays, PledgeRow int
	// DigestEvery is the least time between two messages to the last resort.
	DigestEvery time.Duration
}

// channelRule is all that routing.yaml says of one channel.
type channelRule struct {
	offer    OfferRule
	units    int
	most     int
	beside   bool
	handling time.Duration
}

// Offer gives how contacts of this channel are offered.
func (s *Set) Offer(ch contact.Channel) OfferRule { return s.channel(ch).offer }

// Units gives what one contact of this channel takes of an agent's capacity.
func (s *Set) Units(ch contact.Channel) int { return s.channel(ch).units }

// HandlingTime gives how long the work on this channel takes.
func (s *Set) HandlingTime(ch contact.Channel) time.Duration { return s.channel(ch).handling }

// Capacity gives the units of an agent whose account doesn't say.
func (s *Set) Capacity() int { return s.capacity }

// Timing gives the times and limits that are the same for all channels.
func (s *Set) Timing() Timing { return s.timing }

func (s *Set) channel(ch contact.Channel) channelRule {
	if r, ok := s.channels[ch]; ok {
		return r
	}
	return s.otherwise
}

// channelNames lists the channels that there are.
func channelNames() []string {
	all := contact.Channels()
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = string(c)
	}
	return out
}

func (b *builder) buildRouting(f *routingFile) {
	d := b.docFor("routing.yaml", "")
	if f.Defaults.Name != "" {
		d.Report("defaults.name", "remove it", "the defaults hold for every channel")
	}
	b.set.capacity = f.Capacity
	b.set.matching = f.Matching.params()
	b.set.otherwise = overlay(channelRule{
		offer: OfferRule{TimeOut: 45 * time.Second, Parallel: 1, Urgent: 1, SilenceLeast: f.Silence.Least}, units: 20,
	}, f.Defaults)
	b.set.matching.Urgent = b.set.otherwise.offer.Urgent
	list := b.docFor("routing.yaml", "channels")
	own := b.given["routing.yaml"] == list
	b.set.channels = make(map[contact.Channel]channelRule, len(f.Channels))
	names := channelNames()
	for i, e := range f.Channels {
		key := fmt.Sprintf("channels[%d]", i)
		switch ch := contact.Channel(e.Name); {
		case e.Name == "":
			list.Report(key+".name", "", "is missing")
		case !slices.Contains(names, e.Name):
			list.Report(key+".name", strict.DidYouMean(e.Name, names), "no channel %q", e.Name)
		default:
			if _, twice := b.set.channels[ch]; twice {
				list.Report(key+".name", "remove one", "channel %q is there already", e.Name)
			}
			r := overlay(b.set.otherwise, e)
			if !own {
				r.units = min(r.units, f.Capacity)
			}
			if e.Quiet != nil && *e.Quiet > 0 && !r.offer.Live {
				list.Report(key+".quiet", "add live: true", "only a live conversation goes on after an answer")
			}
			b.set.channels[ch] = r
		}
		if r := overlay(b.set.otherwise, e); own && r.units > f.Capacity {
			list.Report(key+".units", "", "%d units are more than any agent has, %d", r.units, f.Capacity)
		}
	}
	b.buildLimits(f)
	b.set.timing = Timing{
		Heartbeat: f.Presence.Heartbeat, ChatReturn: f.Presence.ChatReturn, MissesUntilAway: f.Presence.MissesUntilAway,
		SilentWarnShare: f.Silence.Warn, SilentPullShare: f.Silence.PullBack, SilentLeast: f.Silence.Least,
		PledgeDays: f.Pledge.LongestDays, PledgeRow: f.Pledge.InARow,
	}
	if f.Silence.Warn > f.Silence.PullBack {
		silence := b.docFor("routing.yaml", "silence")
		silence.Report("silence.warn", "", "comes after pull_back, %v", f.Silence.PullBack)
	}
}

func overlay(r channelRule, e channelEntry) channelRule {
	take(&r.units, e.Units)
	take(&r.handling, e.HandlingTime)
	take(&r.most, e.Most)
	take(&r.beside, e.Interruptible)
	take(&r.offer.TimeOut, e.OfferTimeOut)
	take(&r.offer.CoolDown, e.CoolDown)
	take(&r.offer.Parallel, e.Parallel)
	take(&r.offer.Auto, e.AutoAccept)
	take(&r.offer.StickyHold, e.StickyHold)
	take(&r.offer.Live, e.Live)
	take(&r.offer.FirstWords, e.FirstWords)
	take(&r.offer.Quiet, e.Quiet)
	take(&r.offer.Urgent, e.Urgent)
	take(&r.offer.SilenceLeast, e.SilenceLeast)
	return r
}
