package router

import (
	"strings"
	"testing"
)

// What grows with the square of its length is done to short things only.
func TestHostileLengthsOfNames(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 2000 {
		long.WriteRune(rune(0x4e00 + i))
	}
	if got := sameMailbox("email", "a@"+long.String()+".test"); got != "a@"+long.String()+".test" {
		t.Errorf("a domain of %d bytes was written in ASCII: %.40s", long.Len(), got)
	}
	if got := sameMailbox("email", "a@bücher.test"); got != "a@xn--bcher-kva.test" {
		t.Errorf("got %s", got)
	}
	if bare, _ := bareSubject(strings.Repeat("Re: ", 100_000) + "Rechnung 20413"); bare != "" {
		t.Errorf("the end of a subject of 400,000 bytes was read: %q", bare)
	}
}
