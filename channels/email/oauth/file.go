package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const storedVersion = 1

// stored is what the file holds.
type stored struct {
	Version  int       `json:"version"`
	ClientID string    `json:"client_id"`
	Access   string    `json:"access_token"`
	Refresh  string    `json:"refresh_token,omitempty"`
	Obtained time.Time `json:"obtained"`
	Expires  time.Time `json:"expires"`
}

// usable reports whether the access token is good, as far as can be told here.
// A clock that now stands before the time at which the token came was set back:
// then its end is not believed.
func (s *stored) usable(client, refused string, now time.Time) bool {
	margin := min(expiryMargin, s.Expires.Sub(s.Obtained)/4)
	return s.Access != "" && s.Access != refused && s.ClientID == client &&
		now.Before(s.Expires.Add(-margin)) && now.After(s.Obtained.Add(-backwards))
}

// lasts reports whether the access token has not come to its end, however near
// that is.
func (s *stored) lasts(client, refused string, now time.Time) bool {
	return s.Access != "" && s.Access != refused && s.ClientID == client && now.Before(s.Expires) && now.After(s.Obtained.Add(-backwards))
}

// stamp tells one version of the file from another.
type stamp struct {
	modified time.Time
	size     int64
	inode    uint64
}

// read takes in the file if it has changed, as it does by a login beside.
func (s *Source) read() error {
	info, err := os.Stat(s.cfg.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil // whatever is known here stays good
	}
	if err != nil {
		return fmt.Errorf("reading the stored login: %w", err)
	}
	now := stamp{modified: info.ModTime(), size: info.Size()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		now.inode = stat.Ino
	}
	if now == s.seen {
		return nil
	}
	data, err := os.ReadFile(s.cfg.File)
	if err != nil {
		return fmt.Errorf("reading the stored login: %w", err)
	}
	var found stored
	if err := json.Unmarshal(data, &found); err != nil || found.Version != storedVersion {
		// Never shown: it holds secrets. Whoever logs in again replaces it.
		return fmt.Errorf("the stored login %s can't be read: %w", s.cfg.File, &LoginError{Account: s.cfg.Account, Cause: "the file is damaged"})
	}
	s.login, s.seen, s.unsaved = found, now, false
	return nil
}

// save writes the file anew beside the old one and puts it in its place, so that
// there is always a whole one.
func (s *Source) save() error {
	if !s.unsaved {
		return nil
	}
	dir := filepath.Dir(s.cfg.File)
	data, err := json.Marshal(s.login) //nolint:gosec // the file is where these secrets belong
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".login-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.cfg.File)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	s.unsaved, s.seen = false, stamp{}
	d, err := os.Open(dir) //nolint:gosec // the data directory's own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lockPoll is how often a lock that another process holds is tried.
const lockPoll = 50 * time.Millisecond

// lock keeps other processes from refreshing the same login at the same time:
// some providers end a refresh token as soon as it was used.
func lock(ctx context.Context, file string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the data directory's own file
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing lets go of it
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(lockPoll):
		}
	}
}
