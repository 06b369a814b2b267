package email

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A folder that was set back to an earlier state, as by the restore of a backup,
// keeps its UIDVALIDITY, and gives the numbers that were given before to other
// mails. So the bookmark remembers a few mails, the newest and some older ones,
// and looks at them whenever a link is made.
const (
	landmarksKept  = 10
	landmarksNear  = 6 // the newest, one behind the other
	landmarkSearch = 200
	// lookAgainMost is how many mails that can't be told from new ones are read
	// again.
	lookAgainMost = 1000
	// lookTries is how often a look may end with the link before it is left out
	// for lookPause.
	lookTries = 6
	lookPause = 10 * time.Minute
)

// landmark is a mail by which a folder is recognised: its place, and 32 bits of a
// hash of its Message-ID, which tell nobody what it was.
type landmark struct {
	uid   imap.UID
	print uint32
}

// landmarks are in rising order.
type landmarks []landmark

func (l landmarks) String() string {
	var out strings.Builder
	for i, one := range l {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%d-%x", one.uid, one.print)
	}
	return out.String()
}

// parseLandmarks reads what String writes, and leaves out what it can't read.
func parseLandmarks(s string) (out landmarks) {
	for one := range strings.SplitSeq(s, ",") {
		number, print, _ := strings.Cut(one, "-")
		uid, err := strconv.ParseUint(number, 10, 32)
		bits, err2 := strconv.ParseUint(print, 16, 32)
		if err == nil && err2 == nil {
			out = append(out, landmark{imap.UID(uid), uint32(bits)})
		}
	}
	return out
}

// add puts a newer one behind the others. Of the older ones those stay that lie
// well apart.
func (l landmarks) add(uid imap.UID, print uint32) landmarks {
	if len(l) > 0 && uid <= l[len(l)-1].uid {
		return l
	}
	l = append(slices.Clip(l), landmark{uid, print})
	if len(l) <= landmarksKept {
		return l
	}
	drop, least := 0, 2.0
	for i := 1; i < len(l)-landmarksNear; i++ {
		share := float64(l[i+1].uid-l[i-1].uid) / float64(uid-l[i-1].uid)
		if share < least {
			drop, least = i, share
		}
	}
	return slices.Delete(l, drop, drop+1)
}

// upTo gives those up to a place.
func (l landmarks) upTo(last imap.UID) landmarks {
	at, _ := slices.BinarySearchFunc(l, last+1, func(one landmark, uid imap.UID) int { return cmp.Compare(one.uid, uid) })
	return slices.Clip(l[:at])
}

// fingerprint tells mails apart by their headers.
func fingerprint(raw []byte) uint32 {
	header, _ := splitHeader(raw[:min(len(raw), 64<<10)])
	sum := sha256.New()
	if id := firstID(fieldValue(header, "message-id")); id != "" {
		_, _ = io.WriteString(sum, id)
	} else {
		for _, name := range []string{"from", "date", "subject"} {
			_, _ = io.WriteString(sum, squash(fieldValue(header, name))+"\x00")
		}
	}
	return binary.BigEndian.Uint32(sum.Sum(nil))
}

// remember notes the fingerprint of what was fetched, pass makes a landmark of it
// once the bookmark is behind it. Where it was read again, it takes the place of
// those behind it that are gone.
func (r *reader) remember(uid imap.UID, raw []byte) {
	if r.prints == nil {
		r.prints = map[imap.UID]uint32{}
	}
	r.prints[uid] = fingerprint(raw)
}

func (r *reader) pass(uid imap.UID) {
	if print, known := r.prints[uid]; known {
		delete(r.prints, uid)
		r.at.marks = r.at.marks.upTo(uid-1).add(uid, print)
	}
}

// prints reads the fingerprints of mails; what isn't there is left out.
func (s *session) prints(uids []imap.UID, section *imap.FetchItemBodySection) (map[imap.UID]uint32, error) {
	out := map[imap.UID]uint32{}
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}
	err := s.fetchEach(uids, options, func(data *imapclient.FetchMessageData) error {
		item, whole, err := s.readItem(data)
		if err == nil && whole && slices.Contains(uids, item.uid) {
			out[item.uid] = fingerprint(item.raw)
		}
		return err
	})
	return out, err
}

// printFields asks for as little as tells mails apart.
func printFields() *imap.FetchItemBodySection {
	return &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID", "From", "Date", "Subject"},
	}
}

// recognise looks at the landmarks: up to sure all is as it was; changed is true
// when another mail has the number of one of them. A mail at which the link was
// lost may be lost at it again: so they are looked at one by one then, and from
// then on the newest is left out, each time one more, and is a landmark no more.
func (r *reader) recognise(lost int) (sure imap.UID, changed bool, err error) {
	marks := r.at.marks[:max(1, len(r.at.marks)-max(0, lost-1))]
	size := len(marks)
	if lost > 0 {
		size = 1
	}
	for at := len(marks); at > 0 && err == nil && sure == 0; at -= size {
		var differs bool
		sure, differs, err = r.s.compare(marks[at-size : at])
		changed = changed || differs
	}
	if err == nil {
		r.at.marks = slices.Clip(marks)
	}
	return sure, changed, err
}

// compare looks for landmarks in the open folder.
func (s *session) compare(marks landmarks) (sure imap.UID, changed bool, err error) {
	var uids []imap.UID
	for _, one := range marks {
		uids = append(uids, one.uid)
	}
	found, err := s.prints(uids, printFields())
	if err != nil {
		return 0, false, err
	}
	for _, one := range slices.Backward(marks) {
		print, there := found[one.uid]
		if there && print != one.print {
			// Some servers write these fields otherwise than they stand in the mail.
			whole, err := s.prints([]imap.UID{one.uid}, &imap.FetchItemBodySection{Peek: true})
			if err != nil {
				return 0, false, err
			}
			print, there = whole[one.uid]
		}
		if there && print == one.print {
			return one.uid, changed, nil
		}
		changed = changed || there
	}
	return 0, changed, nil
}

// recall compares the folder with the landmarks, and reports whether it was set
// back, with the place up to which it is as it was. What can't be told is left to
// lookAgain.
func (r *reader) recall() (sure imap.UID, changed bool, err error) {
	sure, known, left := r.at.last, false, false
	if len(r.at.marks) > 0 {
		err = r.looking("recognise", func(lost int) (err error) {
			sure, changed, err = r.recognise(lost)
			known, left = err == nil, lost > 1
			return err
		})
	}
	if err != nil || changed || !known {
		r.blurred = len(r.at.marks) == 0
		return sure, changed, err
	}
	r.blurred = sure != r.at.marks[len(r.at.marks)-1].uid
	if r.blurred || !left { // what lies behind one that was left out has been seen
		r.again = uidSpan{sure, r.at.last}
	}
	return sure, false, nil
}

// uidSpan is what lies behind from, up to the last.
type uidSpan struct{ from, last imap.UID }

// lookAgain reads once more what lies between the newest landmark that is still
// there and the bookmark: these may be mails that nobody has seen, under numbers
// that were given before. Those that were seen are known to the daemon.
func (r *reader) lookAgain(ctx context.Context) error {
	span := r.again
	if span.from >= span.last {
		return nil
	}
	criteria := &imap.SearchCriteria{UID: uidRange(span.from+1, span.last), Since: r.mark.Since.AddDate(0, 0, -1)}
	uids, err := r.s.search(criteria)
	if err != nil {
		return r.a.imapError("search", err)
	}
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid <= span.from || uid > span.last })
	if err := r.deliver(ctx, uids[max(0, len(uids)-lookAgainMost):]); err != nil {
		return err
	}
	r.again = uidSpan{}
	return nil
}

// survey chooses landmarks among the mails that are there, where there are none
// or the newest is gone.
func (r *reader) survey() error {
	if !r.blurred || r.at.last == 0 {
		return nil
	}
	r.blurred = false
	return r.looking("survey", func(lost int) error {
		from := r.at.last - min(r.at.last-1, landmarkSearch)
		uids, err := r.s.search(&imap.SearchCriteria{UID: uidRange(from, r.at.last)})
		uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid < from || uid > r.at.last })
		if err != nil || len(uids) == 0 {
			return err
		}
		uids = uids[:max(1, len(uids)-lost*landmarksNear)] // past where the link was lost
		uids = uids[max(0, len(uids)-landmarksNear):]
		found, err := r.s.prints(uids, printFields())
		if err != nil {
			return err
		}
		r.at.marks = r.at.marks.upTo(uids[0] - 1)
		for _, uid := range uids {
			if print, there := found[uid]; there {
				r.at.marks = r.at.marks.add(uid, print)
			}
		}
		return nil
	})
}

// looking runs a look at landmarks, which is told how often the link was lost at
// it. One that the server refuses is left out, and for a while one that ends with
// the link again and again: no mail may keep a folder from being read.
func (r *reader) looking(what string, look func(lost int) error) error {
	name := r.source + "#" + what
	lost := r.a.looks.failed(name)
	if lost >= lookTries {
		return nil
	}
	err := look(lost)
	if refused, is := errors.AsType[*imap.Error](err); is && refused.Type != imap.StatusResponseTypeBye {
		return nil
	}
	r.a.looks.note(name, err)
	return r.a.imapError("fetch", err)
}

// lookBook counts, for each source and kind of look, how many ended with the link
// since one came to its end.
type lookBook struct {
	mu    sync.Mutex
	tries map[string]lostLook
}

// lostLook is how many looks ended with the link, and when the last did.
type lostLook struct {
	times int
	last  time.Time
}

func newLookBook() *lookBook { return &lookBook{tries: map[string]lostLook{}} }

func (b *lookBook) failed(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lost := b.tries[name]; lost.times < lookTries || time.Since(lost.last) < lookPause {
		return lost.times
	}
	delete(b.tries, name)
	return 0
}

func (b *lookBook) note(name string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		delete(b.tries, name)
		return
	}
	b.tries[name] = lostLook{b.tries[name].times + 1, time.Now()}
}
