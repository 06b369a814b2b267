package town

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"stagecoach/channels/webchat"
	"stagecoach/channels/webchat/webchatfake"
)

// Guest is who comes to the web chat. Without an ID the shop doesn't know them.
type Guest struct {
	ID, Name, Email, Language string
	// Page is the title of the page on which they are.
	Page string
	// Client makes their requests; one of their own if nil.
	Client *http.Client
}

// Visitor gives a browser before the web chat. A guest with an ID is logged in at
// the shop, which signs who they are.
func (t *Town) Visitor(ctx context.Context, g Guest) *webchatfake.Visitor {
	cfg := webchatfake.Config{
		URL: t.desk + "/channels/webchat/" + Chat, Title: g.Page, Language: g.Language, Client: g.Client, Wait: 200 * time.Millisecond,
	}
	if g.ID != "" {
		who := webchat.Identity{UserID: g.ID, Name: g.Name, Email: g.Email, Exp: time.Now().Add(24 * time.Hour).Unix()}
		who.Sig = who.Sign(Chat, webchat.Secret(t.chatSecret))
		cfg.Identity = who
	}
	return webchatfake.New(ctx, cfg)
}

// Crowd makes the requests of many browsers, each as if from an address of its
// own behind one proxy, over few links.
type Crowd struct {
	base *http.Transport
	next atomic.Uint32
}

// NewCrowd makes one with so many links at most.
func NewCrowd(links int) *Crowd {
	return &Crowd{base: &http.Transport{MaxIdleConns: links, MaxIdleConnsPerHost: links, ReadBufferSize: 1024, WriteBufferSize: 1024}}
}

// Client gives the next browser's.
func (c *Crowd) Client() *http.Client {
	n := c.next.Add(1)
	return &http.Client{Transport: &fromAfar{base: c.base, address: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)}}
}

// Close drops idle links.
func (c *Crowd) Close() { c.base.CloseIdleConnections() }

// fromAfar says from which address a request comes, as a proxy does.
type fromAfar struct {
	base    *http.Transport
	address string
}

// RoundTrip implements http.RoundTripper.
func (f *fromAfar) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Forwarded-For", f.address)
	return f.base.RoundTrip(req)
}
