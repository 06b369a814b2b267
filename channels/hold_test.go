package channels_test

import (
	"errors"
	"testing"
	"time"

	"stagecoach/channels"
)

// TestHold holds an account the longer the more often it fails, as long as its
// provider wishes, and no more once a reply has come through.
func TestHold(t *testing.T) {
	var h channels.Hold
	pause := func() time.Duration { return h.Pause(time.Now()) }
	down := &channels.Error{Reason: channels.Unavailable, Err: errors.New("down")}
	h.Note(down)
	first := pause()
	h.Note(down)
	if second := pause(); first <= 0 || second <= first {
		t.Errorf("it waits %v, then %v", first, second)
	}
	h.Note(&channels.Error{Reason: channels.RateLimited, RetryAfter: time.Hour, Err: errors.New("slowly")})
	limited := pause()
	h.Note(&channels.Error{Reason: channels.InDoubt, Err: errors.New("cut")})
	if got := pause(); limited < 59*time.Minute || got < 59*time.Minute {
		t.Errorf("it waits %v of the hour that was wished, %v after a doubt", limited, got)
	}
	h.Note(&channels.Error{Reason: channels.Rejected, Err: errors.New("this one not")})
	if got := pause(); got != 0 {
		t.Errorf("what concerns one reply holds all for %v", got)
	}
	for range 40 {
		h.Note(down)
	}
	if got := pause(); got > 5*time.Minute {
		t.Errorf("it waits %v", got)
	}
	h.Note(nil)
	if got := pause(); got != 0 {
		t.Errorf("after a success it waits %v", got)
	}
}
