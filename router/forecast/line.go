package forecast

// line is who waits for the same.
type line struct {
	Waiting int `json:"waiting"`
	// Gap is the time between two of it being taken, while some wait; Last when
	// the last was.
	Gap  int64 `json:"gap,omitempty"`
	Last int64 `json:"last,omitempty"`
	// Mood is that of the last that opened.
	Mood mood `json:"mood,omitempty"`

	// name is the demand, held once for all who wait for it.
	name string
}

// line gives the line of a demand. What there are too many of share one.
func (b *Book) line(demand string) *line {
	l := b.Lines[demand]
	if l == nil {
		if len(b.Lines) >= maxLines {
			demand = ""
			if l = b.Lines[demand]; l != nil {
				return l
			}
		}
		l = &line{Last: b.Clock, name: demand}
		b.Lines[demand] = l
	}
	return l
}

// took notes that one of a line was taken.
func (l *line) took(now int64) {
	gap := now - l.Last
	if l.Waiting > 1 || l.Gap == 0 {
		l.Gap += (gap - l.Gap) / 8
	}
	l.Last = now
	l.leave()
}

func (l *line) leave() { l.Waiting = max(l.Waiting-1, 0) }

// mood is how full a line is: how long those in it need until all are taken, and
// that by doublings of half a minute.
func (l *line) mood(now int64) (mood, int64) {
	clears := int64(l.Waiting) * max(l.Gap, (now-l.Last)/4, 1)
	return mood(min(int(moodShort)+max(position(clears)/octave-shortest, 0), int(moods)-1)), clears
}

// shortest is the octave from which a line counts as more than short.
const shortest = 5

// shift is by how much the scale of a contact's wait is moved: within a mood those
// who have more ahead of them wait longer in proportion.
func shift(m mood, ahead int64) int {
	if m <= moodShort {
		return 0
	}
	return min(position(ahead)-(int(m-moodShort)+shortest)*octave, octave)
}

// soonest has the contact first that is to be looked at first.
type soonest struct{}

// Before implements heap.Order.
func (soonest) Before(x, y **wait) bool {
	if (*x).next != (*y).next {
		return (*x).next < (*y).next
	}
	return (*x).id < (*y).id
}

// Stands implements heap.Order.
func (soonest) Stands(w **wait, place int) { (*w).place = place }

// firstLook is after how many milliseconds a wait is first counted that has not
// ended; then whenever it has become half as long again.
const firstLook = 8_000

// plan sets when a contact is looked at next.
func (b *Book) plan(w *wait) {
	bin := w.Noted
	next := w.Opened + max(span((bin+perOctave/2)*width+shift(w.Mood, w.Ahead)), firstLook)
	if w.Taken >= 0 {
		next = min(next, w.Taken+max(span((w.Worked+perOctave/2)*width), firstLook))
	}
	if w.P50 > 0 {
		next = min(next, w.Opened+w.P50+1)
	}
	if w.P90 > 0 {
		next = min(next, w.Opened+w.P90+1)
	}
	if next <= b.Clock { // what is behind the last bin, or ended in it
		next = b.Clock + max((b.Clock-w.Opened)/2, firstLook)
	}
	w.next = next
	if w.place > 0 {
		b.agenda.Fix(w.place)
	} else {
		b.agenda.Push(w)
	}
}
