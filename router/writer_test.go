package router

import (
	"encoding/json"
	"testing"
	"time"
)

// What the loop writes is what json.Marshal gives: old and new commits are read
// by the same code, and the ledger's chain hashes the very bytes.
func TestWriterGivesWhatMarshalGives(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 123456789, time.UTC)
	w := newWriter()
	for _, e := range []Entry{
		{Kind: "advance", Actor: ActorIntake, Events: Events{}},
		{Command: "a\"b<c>&\u2028ü", Kind: "note", Actor: "0190-Ab.c_d", Events: Events{
			Noted{}, SourceRead{Source: "email/sup & port/IN<BOX>", Position: "1:2", At: at, Seen: 7},
		}},
		{Command: "\xff\x00", Kind: "accept", Actor: "", Result: &Result{Commit: 3, Contact: "c"}, Events: Events{
			ContactOpened{Contact: Contact{ID: "x", Start: at}, Policy: "p"}, Takeover{},
		}},
	} {
		want, err := json.Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		w.Reset()
		w.WriteString("before")
		if err := w.entry(&e); err != nil {
			t.Fatal(err)
		}
		if got := w.String(); got != "before"+string(want) {
			t.Errorf("got  %s\nwant before%s", got, want)
		}
	}
}
