package email

import (
	"context"
	"fmt"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
)

// usualFiles is what a reply may carry where the server names no limit, or a
// large one: 18 MiB of files make a mail of 25 MiB, which is what most
// customers' providers take.
const (
	usualFiles = 18 << 20
	textSpare  = 256 << 10
)

// Limits implements channels.Limited. What the server has said that it takes
// (SIZE, RFC 1870) counts once it is known.
func (a *Adapter) Limits() contact.Limits {
	return contact.Limits{AttachmentBytes: a.filesLimit(), HTML: true, CC: true}
}

// filesLimit gives the bytes of files that a mail of the allowed size holds:
// base64 makes 78 bytes of 57.
func (a *Adapter) filesLimit() int64 {
	size := a.largest.Load()
	if size <= 0 {
		return usualFiles
	}
	return min(usualFiles, max((size-min(textSpare, size/4))/78*57, 1))
}

// learnSize notes what the server has said that it takes.
func (a *Adapter) learnSize(link *smtpLink) {
	size, ok := link.client.MaxMessageSize()
	if !ok {
		size = 0
	}
	a.largest.Store(int64(size))
}

// tooLarge says in words that the server will not take a mail of this size, nil
// if it may.
func (a *Adapter) tooLarge(op string, size int) error {
	largest := a.largest.Load()
	if largest <= 0 || int64(size) <= largest {
		return nil
	}
	reason := channels.Rejected
	if op == "compose" {
		reason = channels.Malformed
	}
	return a.failure(op, reason, "5.3.4", fmt.Sprintf(
		"the mail has %s, the mail server takes at most %s: leave files out, or send a link to them", inMB(int64(size)), inMB(largest)), nil)
}

// sizeWords says how much the server takes, "" if it doesn't tell.
func (a *Adapter) sizeWords() string {
	if n := a.largest.Load(); n > 0 {
		return " mails of up to " + inMB(n)
	}
	return ""
}

func inMB(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%d KB", (n+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Prepare implements channels.Preparer.
func (a *Adapter) Prepare(ctx context.Context) error {
	if a.cfg.SMTP.Host == "" {
		return nil
	}
	link := a.pool.take(ctx)
	if link == nil {
		var err error
		if link, err = a.dialSMTP(ctx); err != nil {
			a.pace.hold(time.Now(), 0, channels.ReasonOf(err) == channels.RateLimited)
			return err
		}
	}
	a.pool.put(link)
	a.pace.clear(true)
	return nil
}
