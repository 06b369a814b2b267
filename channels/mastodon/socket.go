package mastodon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/websocket"
)

// listenSocket is listenEvents over a web socket, with the token in a header: in
// the address it would be logged on the way.
// https://docs.joinmastodon.org/methods/streaming/#websocket
func (a *Adapter) listenSocket(ctx context.Context, from *url.URL, on func(event string)) error {
	at := url.URL{Scheme: "wss", Host: from.Host, Path: "/api/v1/streaming", RawQuery: "stream=user"}
	if from.Scheme == "http" {
		at.Scheme = "ws"
	}
	cfg, err := websocket.NewConfig(at.String(), a.cfg.Server)
	if err != nil {
		return err
	}
	roots, err := a.cfg.roots()
	if err != nil {
		return err
	}
	cfg.TlsConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	cfg.Header = http.Header{"Authorization": {"Bearer " + string(a.cfg.Token)}}
	limited, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	conn, err := cfg.DialContext(limited)
	cancel()
	if err != nil {
		if strings.Contains(err.Error(), "bad status") {
			return errNoStream
		}
		return err
	}
	defer untilDone(ctx, conn)()
	conn.MaxPayloadBytes = maxAnswer
	on("notification")
	for {
		if err := conn.SetReadDeadline(time.Now().Add(maxSocketSilence)); err != nil {
			return err
		}
		var said []byte
		if err := websocket.Message.Receive(conn, &said); err != nil {
			return err
		}
		var event struct {
			Event string `json:"event"`
		}
		if json.Unmarshal(said, &event) == nil {
			on(event.Event)
		}
	}
}

// maxSocketSilence is longer than maxSilence: pings are answered below us and
// aren't seen here.
const maxSocketSilence = 10 * time.Minute
