package email

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"stagecoach/contact"
)

// copyWithin is how far apart the copies of a mail come that says neither when
// it was written nor which mail it is.
const copyWithin = 15 * time.Minute

// copyMarks gives hashes by which the copy of a mail that came another way is
// known: a server may give it another Message-ID, a list may add its footer and
// put itself into From. One is of who wrote what when, the other of which mail
// was written when. The same words may come again, so where a mail has no Date
// the time of its receipt counts, and where it has an id, that.
func copyMarks(u *understood, receivedAt time.Time) []string {
	if u.From.Address == "" || u.Auto != contact.AutoNone && u.Auto != contact.AutoList {
		return nil
	}
	date, id := squash(u.head.get("Date")), firstID(u.head.get("Message-Id"))
	out := []string{}
	if words := wordsOf(u); words != nil && date != "" {
		out = append(out, hashed("words", append([]string{strings.ToLower(u.From.Address), date}, words...)...))
	} else if words != nil && id == "" && !receivedAt.IsZero() {
		for _, span := range spans(receivedAt) {
			out = append(out, hashed("undated", append([]string{strings.ToLower(u.From.Address), span}, words...)...))
		}
	}
	if id != "" && date != "" {
		out = append(out, hashed("mail", date, id))
	}
	return out
}

// wordsOf gives what a mail says, nil if it says nothing.
func wordsOf(u *understood) []string {
	said := squash(u.Text)
	if said == "" && len(u.Attachments) == 0 {
		return nil
	}
	words := []string{squash(u.Subject), said}
	for _, file := range u.Attachments {
		sum := sha256.Sum256(file.Data)
		words = append(words, strconv.FormatInt(file.Size, 10), hex.EncodeToString(sum[:8]))
	}
	return words
}

// spans names the two spans of time that a moment lies in: those of two moments
// that are less than copyWithin apart have one in common.
func spans(at time.Time) []string {
	half := int64(copyWithin / time.Second)
	n := at.Unix() / half
	return []string{strconv.FormatInt(n, 10), strconv.FormatInt(n+1, 10)}
}

// hashed gives a hash of values of a kind.
func hashed(kind string, values ...string) string {
	sum := sha256.New()
	for _, value := range append([]string{kind}, values...) {
		_, _ = sum.Write([]byte(value))
		_, _ = sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
