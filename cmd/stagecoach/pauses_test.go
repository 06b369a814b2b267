package main

import (
	"errors"
	"testing"
	"time"

	"stagecoach/channels"
)

func TestPausesGrow(t *testing.T) {
	busy := &channels.Error{Op: "send", Reason: channels.Unavailable, Code: "4.3.0", Err: errors.New("busy")}
	grey := &channels.Error{Op: "send", Reason: channels.Unavailable, Code: "4.7.1", Err: errors.New("greylisted")}
	wished := &channels.Error{Op: "send", Reason: channels.Unavailable, Code: "4.7.1", RetryAfter: 20 * time.Minute, Err: errors.New("in 20 minutes")}
	down := &channels.Error{Op: "connect", Reason: channels.Unavailable, Err: errors.New("refused")}
	for _, c := range []struct {
		err           error
		attempt       int
		least, atMost time.Duration
	}{
		{busy, 1, 15 * time.Second, 18 * time.Second},
		{busy, 4, 5 * time.Minute, 6 * time.Minute},
		{busy, 100, time.Hour, 72 * time.Minute},
		{grey, 1, time.Minute, 72 * time.Second},
		{grey, 2, 4 * time.Minute, 5 * time.Minute},
		{wished, 1, 20 * time.Minute, 20 * time.Minute},
		{down, 50, 20 * time.Second, 24 * time.Second},
		{errors.New("who knows"), 1, 15 * time.Second, 18 * time.Second},
	} {
		out := outcomeOf(c.err, c.attempt)
		if out.Permanent || out.InDoubt || out.RetryAfter < c.least || out.RetryAfter > c.atMost {
			t.Errorf("%v, attempt %d: %+v, want %v to %v", c.err, c.attempt, out, c.least, c.atMost)
		}
	}
	// From the first attempt on, two days hold no more than a hundred.
	total, attempts := time.Duration(0), 0
	for total < lastTry {
		attempts++
		total += outcomeOf(busy, attempts).RetryAfter
	}
	if attempts < 40 || attempts > 100 {
		t.Errorf("a reply is tried %d times in two days", attempts)
	}
}

func TestTroubleIsTheAccounts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&channels.Error{Op: "send", Reason: channels.Unavailable, Code: "4.7.1"}, false},
		{&channels.Error{Op: "send", Reason: channels.Rejected, Code: "5.1.1"}, false},
		{&channels.Error{Op: "send", Reason: channels.RateLimited, Code: "4.7.28"}, true},
		{&channels.Error{Op: "connect", Reason: channels.Unavailable}, true},
		{&channels.Error{Op: "login", Reason: channels.Auth}, true},
		{errors.New("who knows"), true},
	} {
		if got := ofAccount(c.err); got != c.want {
			t.Errorf("%+v: %v, want %v", c.err, got, c.want)
		}
	}
}
