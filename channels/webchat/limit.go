package webchat

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// limiters hold how fast each address and each visitor may go. Those not heard
// of for longest are forgotten.
type limiters struct {
	requests, sessions        *bucket // by IP address
	bytes                     *bucket // by IP address, in KiB
	messages, files, passings *bucket // by visitor
}

const rememberedRates = 20_000

func newLimiters(cfg Config) (*limiters, error) {
	l := &limiters{}
	byteLimit, byteBurst := bytesOf()
	for _, b := range []struct {
		to    **bucket
		limit float64
		burst float64
	}{
		{&l.requests, cfg.PerAddress, 10 * cfg.PerAddress},
		{&l.sessions, cfg.PerAddress / 10, 2 * cfg.PerAddress},
		{&l.bytes, float64(byteLimit), float64(byteBurst)},
		{&l.messages, cfg.PerVisitor, 20 * cfg.PerVisitor},
		{&l.files, cfg.PerVisitor / 2, 15 * cfg.PerVisitor},
		{&l.passings, 2, 10},
	} {
		cache, err := lru.New[string, *rate.Limiter](rememberedRates)
		if err != nil {
			return nil, err
		}
		*b.to = &bucket{limit: rate.Limit(b.limit), burst: max(1, int(math.Ceil(b.burst))), of: cache}
	}
	return l, nil
}

// bucket is one rate for each of many.
type bucket struct {
	limit rate.Limit
	burst int
	of    *lru.Cache[string, *rate.Limiter]
}

// allow takes one, or tells how long to wait for it.
func (b *bucket) allow(who string, now time.Time) (wait time.Duration, ok bool) {
	return b.take(who, 1, now)
}

// take takes n, or tells how long to wait for them.
func (b *bucket) take(who string, n int, now time.Time) (wait time.Duration, ok bool) {
	l, known := b.of.Get(who)
	if !known {
		l = rate.NewLimiter(b.limit, b.burst)
		if before, found, _ := b.of.PeekOrAdd(who, l); found {
			l = before
		}
	}
	res := l.ReserveN(now, min(n, b.burst))
	if wait = res.DelayFrom(now); wait > 0 {
		res.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// addressOf gives the IP address of the browser: what the last proxy that we
// trust was asked by. An IPv6 customer has a whole /64.
func (a *Adapter) addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusted(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = next
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

func (a *Adapter) trusted(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return true
	}
	for _, p := range a.proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
