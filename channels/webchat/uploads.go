package webchat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many files are under way at once, in memory until they are stored, in all
// and of one IP address; how long one may take, and how long it may stand still.
const (
	uploadsAtOnce     = 6
	uploadsPerAddress = 3
	fileTime          = 5 * time.Minute
	standTime         = 20 * time.Second
	waitForTurn       = 5 * time.Second
)

// What one visitor may leave in a day, and one IP address: an anonymous visitor
// costs nothing, so the first alone would bound nothing.
const (
	dailyBytes        = 200 << 20
	addressDailyBytes = 2 << 30
	addressBurst      = 512 << 20
)

// uploads are the files under way.
type uploads struct {
	turns chan struct{}

	mu         sync.Mutex
	perAddress map[string]int
}

func newUploads() *uploads {
	return &uploads{turns: make(chan struct{}, uploadsAtOnce), perAddress: map[string]int{}}
}

// begin gives a turn, which done gives back; false when there is none in time.
func (u *uploads) begin(ctx context.Context, address string) (done func(), ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.perAddress[address] >= uploadsPerAddress {
		return nil, false
	}
	u.perAddress[address]++
	u.mu.Unlock()
	wait := time.NewTimer(waitForTurn)
	defer wait.Stop()
	select {
	case u.turns <- struct{}{}:
		ok = true
	case <-wait.C:
	case <-ctx.Done():
	}
	u.mu.Lock()
	if !ok {
		u.leave(address)
		return nil, false
	}
	return sync.OnceFunc(func() {
		<-u.turns
		u.mu.Lock()
		defer u.mu.Unlock()
		u.leave(address)
	}), true
}

func (u *uploads) leave(address string) {
	if u.perAddress[address]--; u.perAddress[address] == 0 {
		delete(u.perAddress, address)
	}
}

var errStoodStill = errors.New("the file did not come on")

// readFile reads the body, which must come on all the time.
func (u *run) readFile(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	data, err := readSteadily(http.MaxBytesReader(w, r.Body, u.a.cfg.FileBytes), r.ContentLength, func() {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(standTime)) // where the server can
	})
	over := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &over):
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, codeForm, "Too large", fmt.Sprintf("A file has at most %d MiB.", u.a.cfg.FileBytes>>20))
	case err != nil:
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusBadRequest, codeForm, "The file broke off", "Send it again.")
	case len(data) == 0:
		refuse(w, http.StatusUnprocessableEntity, codeForm, "The file is empty", "Nothing is in it.")
	default:
		return data, true
	}
	return nil, false
}

// readSteadily reads all, and renews the reader's patience at each step, for
// fileTime at most.
func readSteadily(from io.Reader, size int64, renew func()) ([]byte, error) {
	began := time.Now()
	data := make([]byte, 0, min(max(size, 0)+1, 1<<20))
	for {
		if time.Since(began) > fileTime {
			return nil, errStoodStill
		}
		renew()
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := from.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// bytesOf bounds what comes from one IP address in a day, in KiB.
func bytesOf() (limit rate.Limit, burst int) {
	return rate.Limit(float64(addressDailyBytes>>10) / (24 * time.Hour).Seconds()), addressBurst >> 10
}
