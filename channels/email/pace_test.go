package email

import (
	"testing"
	"time"
)

func TestPaceCountsTurns(t *testing.T) {
	p := &pace{perMinute: 3}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for i := range 3 {
		if wait := p.ask(at.Add(time.Duration(i) * time.Second)); wait != 0 {
			t.Fatalf("turn %d waits %v", i, wait)
		}
	}
	if wait := p.ask(at.Add(3 * time.Second)); wait != 57*time.Second {
		t.Errorf("the fourth waits %v, want 57 s", wait)
	}
	if wait := p.ask(at.Add(time.Minute)); wait != 0 {
		t.Errorf("after a minute it waits %v", wait)
	}
	if wait := p.ask(at.Add(time.Minute)); wait != time.Second {
		t.Errorf("the next waits %v, want 1 s: never more than three in any minute", wait)
	}
}

func TestPaceTakesBackWhatWasNotUsed(t *testing.T) {
	p := &pace{perMinute: 2}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for range 10 {
		if wait := p.ask(at); wait != 0 {
			t.Fatalf("after turns that were not used it waits %v", wait)
		}
		p.unused()
	}
	p.unused()
	p.hold(at, 0, false)
	at = at.Add(firstHold)
	for range 3 {
		if wait := p.ask(at); wait != 0 {
			t.Fatalf("the one that went ahead did not try, and the next waits %v", wait)
		}
		p.unused()
	}
}

func TestPaceHoldsTheAccount(t *testing.T) {
	p := &pace{}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	p.hold(at, 0, false)
	if wait := p.ask(at); wait != firstHold {
		t.Errorf("after a failure it waits %v, want %v", wait, firstHold)
	}
	p.hold(at.Add(time.Second), 0, false) // another reply of the same burst
	at = at.Add(firstHold)
	if wait := p.ask(at); wait != 0 {
		t.Errorf("after the hold it waits %v", wait)
	}
	if wait := p.ask(at); wait == 0 {
		t.Error("two go ahead to try, want one")
	}
	p.hold(at, 0, false)
	if wait := p.ask(at); wait != 2*firstHold {
		t.Errorf("after the second failure it waits %v, want %v", wait, 2*firstHold)
	}
	for range 20 {
		at = at.Add(longestHold)
		p.hold(at, 0, false)
	}
	if wait := p.ask(at); wait != longestHold {
		t.Errorf("it waits %v, want %v at most", wait, longestHold)
	}
	p.clear(true)
	if wait := p.ask(at); wait != 0 {
		t.Errorf("with a link again it waits %v", wait)
	}
	p.hold(at, 3*time.Hour, true)
	p.clear(true)
	if wait := p.ask(at); wait != 3*time.Hour {
		t.Errorf("a limit holds for %v, want what the server wished", wait)
	}
	p.clear(false)
	if wait := p.ask(at); wait != 0 {
		t.Errorf("after a reply was taken it waits %v", wait)
	}
}
