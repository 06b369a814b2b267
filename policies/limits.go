package policies

import (
	"fmt"
	"time"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// Limits gives what agents may hold beside their capacity: the same value at
// every call.
func (s *Set) Limits() *match.Limits { return s.limits }

// buildLimits gathers what routing.yaml says of what agents may hold.
func (b *builder) buildLimits(f *routingFile) {
	l := &match.Limits{Headroom: f.Headroom, Beside: f.Beside, Drain: f.Shifts.Drain, Advisory: !f.Shifts.Binding, Zone: time.UTC}
	b.set.limits = l
	zone, err := time.LoadLocation(f.Shifts.Zone)
	if err != nil || f.Shifts.Zone == "Local" || f.Shifts.Zone == "" {
		b.docFor("routing.yaml", "shifts").Report("shifts.zone", "such as Europe/Berlin", "no time zone %q", f.Shifts.Zone)
	} else {
		l.Zone = zone
	}
	if f.Headroom >= f.Capacity {
		b.docFor("routing.yaml", "headroom").Report("headroom", "", "leaves nothing of the capacity, %d, for work that isn't live", f.Capacity)
	}
	for _, name := range channelNames() {
		ch := contact.Channel(name)
		r := b.set.channel(ch)
		l.Channels = append(l.Channels, match.ChannelLimit{Channel: ch, Live: r.offer.Live, Interruptible: r.beside, Most: r.most})
	}
	list := b.docFor("routing.yaml", "channels")
	for i, e := range f.Channels {
		if r := b.set.channel(contact.Channel(e.Name)); r.offer.Live && r.beside {
			list.Report(fmt.Sprintf("channels[%d].interruptible", i), "take it out", "a live channel can't be laid aside for another")
		}
	}
}
