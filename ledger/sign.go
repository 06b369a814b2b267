package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// signed is the form of a signed audit: the audit's very bytes and an
// HMAC-SHA-256 over them.
type signed struct {
	Version   int    `json:"version"`
	Audit     []byte `json:"audit"`
	Signature string `json:"signature"`
}

// The ways in which a signed audit fails its check.
var (
	ErrSignature = errors.New("the signature does not fit: the file was changed, or signed with another key")
	ErrPrefix    = errors.New("the log no longer holds what was signed")
)

// Sign makes a file of an audit: its totals, the last commit and the chain
// hash over all commits, signed with the key.
func (l *Ledger) Sign(a *Audit, key []byte) ([]byte, error) {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("signing audit: %w", err)
	}
	out, err := json.MarshalIndent(signed{Version: 1, Audit: data, Signature: signature(data, key)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("signing audit: %w", err)
	}
	return append(out, '\n'), nil
}

func signature(data, key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("stagecoach audit 1\n"))
	mac.Write(data)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Check verifies that a file was signed with the key, and that the log, read
// anew from its beginning, still holds what was signed: the same commits, byte
// for byte, up to the same number. It gives the audit of the file. The error is
// ErrSignature or ErrPrefix when it does not hold.
func (l *Ledger) Check(ctx context.Context, log Log, file, key []byte) (*Audit, error) {
	var s signed
	if err := json.Unmarshal(file, &s); err != nil {
		return nil, fmt.Errorf("checking audit: %w: %w", ErrSignature, err)
	}
	if s.Version != 1 || !hmac.Equal([]byte(s.Signature), []byte(signature(s.Audit, key))) {
		return nil, fmt.Errorf("checking audit: %w", ErrSignature)
	}
	var a Audit
	if err := json.Unmarshal(s.Audit, &a); err != nil {
		return nil, fmt.Errorf("checking audit: %w: %w", ErrSignature, err)
	}
	chain, n, err := chainAt(ctx, log, a.N)
	switch {
	case err != nil:
		return &a, fmt.Errorf("checking audit: %w", err)
	case n < a.N:
		return &a, fmt.Errorf("checking audit: %w: it ends at commit %d, commit %d was signed", ErrPrefix, n, a.N)
	case chain != a.Chain:
		return &a, fmt.Errorf("checking audit: %w: commits up to %d differ", ErrPrefix, a.N)
	}
	return &a, nil
}

var errReached = errors.New("reached")

// chainAt reads the log up to commit n, by the rules of the fold.
func chainAt(ctx context.Context, log Log, n uint64) (chain string, last uint64, err error) {
	var pos position
	if n == 0 {
		return "", 0, nil
	}
	_, err = log.Replay(ctx, 0, func(seq uint64, data []byte) error {
		r, err := decode(seq, data)
		if err != nil {
			return err
		}
		if what, _ := pos.refuse(r.commit); what != "" {
			return nil
		}
		pos.advance(&r)
		if pos.N == n {
			return errReached
		}
		return nil
	})
	if errors.Is(err, errReached) {
		err = nil
	}
	return pos.Chain, pos.N, err
}
