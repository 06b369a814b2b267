package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// The life of a code, and how often it may be tried. How many are sent is bounded for
// each page and for each address; how many wrong ones may be tried, for each page.
const (
	codeLife  = 15 * time.Minute
	codeTries = 5

	sentHourly, sentDaily = 5, 10
	wrongDaily            = 20
	aDay                  = 24 * time.Hour
)

var (
	errWrongCode = errors.New("this is not the code")
	errNoCode    = errors.New("there is no code any more")
	errManyCodes = errors.New("too many codes were asked for")
	errManyTries = errors.New("too many wrong codes were tried")
)

// What is counted.
const (
	countSent  = "sent"
	countTo    = "sent to"
	countWrong = "wrong"
)

// hashOf hides what a row is of: with the keys of the data directory only it can be
// found, or tried, again.
func (c *Codes) hashOf(what ...string) []byte {
	m := hmac.New(c.hash, c.key)
	for _, one := range what {
		fmt.Fprintf(m, "%d:%s", len(one), one)
	}
	return m.Sum(nil)
}

func (c *Codes) pageOf(conversation string) []byte { return c.hashOf("page", conversation) }

// give makes a code for a purpose, in place of the last one, that is to be sent on a
// way.
func (c *Codes) give(ctx context.Context, conversation, purpose string, way *Way) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	digits, now := fmt.Sprintf("%06d", n), c.now()
	err = c.inTx(ctx, func(tx *sql.Tx) error {
		if err := c.clean(ctx, tx, now); err != nil {
			return err
		}
		page, to := c.pageOf(conversation), c.hashOf(countTo, way.ID)
		for _, what := range [][]byte{c.hashOf(countSent, conversation), to} {
			for span, most := range map[time.Duration]int{time.Hour: sentHourly, aDay: sentDaily} {
				n, err := c.counted(ctx, tx, what, now.Add(-span))
				if err != nil {
					return err // nobody knows how many there were
				}
				if n >= most {
					return errManyCodes
				}
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO tally(what, page, at) VALUES(?, ?, ?)", what, page, now.UnixMicro()); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO code(purpose, page, customer, hash, until, tries) VALUES(?, ?, ?, ?, ?, 0)",
			c.hashOf("purpose", purpose, conversation), page, way.Customer, c.hashOf("code", purpose, conversation, digits), now.Add(codeLife).UnixMicro())
		return err
	})
	return digits, err
}

// take uses a code and gives whose it is. Five wrong ones end it, and so many wrong ones
// a day end all trying. A try counts before its answer is known to anybody.
func (c *Codes) take(ctx context.Context, conversation, purpose, digits string) (customer string, err error) {
	name, now := c.hashOf("purpose", purpose, conversation), c.now()
	var outcome error
	err = c.inTx(ctx, func(tx *sql.Tx) error {
		wrong := c.hashOf(countWrong, conversation)
		tried, err := c.counted(ctx, tx, wrong, now.Add(-aDay))
		if err != nil {
			return err
		}
		if tried >= wrongDaily {
			outcome = errManyTries
			return nil
		}
		var hash []byte
		var until int64
		var tries int
		row := tx.QueryRowContext(ctx, "SELECT customer, hash, until, tries FROM code WHERE purpose = ?", name)
		switch err := row.Scan(&customer, &hash, &until, &tries); {
		case errors.Is(err, sql.ErrNoRows):
			outcome = errNoCode
			return nil
		case err != nil:
			return err
		}
		ended := now.UnixMicro() >= until || tries >= codeTries
		right := hmac.Equal(hash, c.hashOf("code", purpose, conversation, digits))
		switch {
		case ended:
			outcome = errNoCode
		case !right:
			if outcome = errWrongCode; tries+1 >= codeTries {
				outcome = errNoCode
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO tally(what, page, at) VALUES(?, ?, ?)", wrong, c.pageOf(conversation), now.UnixMicro()); err != nil {
				return err
			}
		}
		if outcome == errWrongCode { //nolint:errorlint // ours, as it is
			_, err = tx.ExecContext(ctx, "UPDATE code SET tries = tries + 1 WHERE purpose = ?", name)
		} else {
			_, err = tx.ExecContext(ctx, "DELETE FROM code WHERE purpose = ?", name)
		}
		return err
	})
	switch {
	case err != nil: // whatever was found of the code is not on record, so nobody is told it
		return "", err
	case outcome != nil:
		return "", outcome
	}
	return customer, nil
}

// drop forgets a code that could not be sent; that it was asked for still counts.
func (c *Codes) drop(ctx context.Context, conversation, purpose string) error {
	return c.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM code WHERE purpose = ?", c.hashOf("purpose", purpose, conversation))
		return err
	})
}

// Forget removes what is kept of customers who were erased, and of their conversations.
func (c *Codes) Forget(ctx context.Context, customers, conversations []string) error {
	return c.inTx(ctx, func(tx *sql.Tx) error {
		for _, id := range customers {
			if _, err := tx.ExecContext(ctx, "DELETE FROM code WHERE customer = ?", id); err != nil {
				return err
			}
		}
		for _, one := range conversations {
			for _, text := range []string{"DELETE FROM code WHERE page = ?", "DELETE FROM tally WHERE page = ?"} {
				if _, err := tx.ExecContext(ctx, text, c.pageOf(one)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (c *Codes) counted(ctx context.Context, tx *sql.Tx, what []byte, since time.Time) (n int, err error) {
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM tally WHERE what = ? AND at > ?", what, since.UnixMicro()).Scan(&n)
	return n, err
}

// clean removes what counts no more.
func (c *Codes) clean(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM code WHERE until <= ?", now.UnixMicro()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM tally WHERE at <= ?", now.Add(-aDay).UnixMicro())
	return err
}
