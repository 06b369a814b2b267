package portal

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"stagecoach/desk/auth"
)

// The life of a code: how long it holds, how often it may be tried, and how many are
// sent for one conversation at once and then in an hour.
const (
	codeLife   = 15 * time.Minute
	codeTries  = 5
	codeBurst  = 3
	codeEvery  = time.Hour
	codesAtAll = 10_000
)

var (
	errWrongCode = errors.New("this is not the code")
	errNoCode    = errors.New("there is no code any more")
	errManyCodes = errors.New("too many codes were asked for")
)

// codes are those that were sent and not used yet. They are in memory only: after a
// restart another is asked for.
type codes struct {
	now  func() time.Time
	sent *auth.Limiter

	mu  sync.Mutex
	all map[string]*code
}

type code struct {
	digits string
	until  time.Time
	tries  int
}

func newCodes(now func() time.Time) *codes {
	return &codes{now: now, sent: auth.NewLimiter(codeEvery, codeBurst), all: map[string]*code{}}
}

// give makes a code for a purpose, in place of the last one. limit is whose codes
// are counted.
func (c *codes) give(limit, purpose string) (string, error) {
	if ok, _ := c.sent.Allow(limit); !ok {
		return "", errManyCodes
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	digits := fmt.Sprintf("%06d", n)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= codesAtAll {
		c.makeRoom()
	}
	c.all[purpose] = &code{digits: digits, until: c.now().Add(codeLife)}
	return digits, nil
}

// makeRoom drops codes that are over, or else any: memory is bounded.
func (c *codes) makeRoom() {
	now := c.now()
	for k, one := range c.all {
		if !now.Before(one.until) {
			delete(c.all, k)
		}
	}
	for k := range c.all {
		if len(c.all) < codesAtAll {
			return
		}
		delete(c.all, k)
	}
}

// take uses a code. Five wrong ones end it.
func (c *codes) take(purpose, digits string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.all[purpose]
	if one == nil || !c.now().Before(one.until) || one.tries >= codeTries {
		delete(c.all, purpose)
		return errNoCode
	}
	one.tries++
	if !hmac.Equal([]byte(one.digits), []byte(digits)) {
		if one.tries >= codeTries {
			delete(c.all, purpose)
			return errNoCode
		}
		return errWrongCode
	}
	delete(c.all, purpose)
	return nil
}

// drop forgets a code that could not be sent.
func (c *codes) drop(purpose string) {
	c.mu.Lock()
	delete(c.all, purpose)
	c.mu.Unlock()
}
