//go:build vendor

package bluesky_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/channels/channeltest"
	"stagecoach/contact"
)

// network is a real one, of its makers' own code: see devenv.
type network struct {
	URL      string `json:"url"`
	View     bool   `json:"view"`
	Accounts map[string]struct {
		DID, Handle, Password, Token string
	} `json:"accounts"`
	in  io.Writer
	out *bufio.Reader
}

// realNetwork starts one: STAGECOACH_ATPROTO names the folder in which
// devenv/package.json is installed, as devenv/try does it.
func realNetwork(t *testing.T) *network {
	t.Helper()
	dir := os.Getenv("STAGECOACH_ATPROTO")
	if dir == "" {
		t.Fatal("STAGECOACH_ATPROTO names no folder: see devenv")
	}
	script, err := os.ReadFile("devenv/run.mjs")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "run.mjs"), script, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "run.mjs")
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, io.Discard, 10*time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	n := &network{in: in, out: bufio.NewReader(out)}
	line, err := n.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, n)
	}
	if err != nil {
		t.Fatalf("the network didn't start: %v", err)
	}
	return n
}

// process waits until the view has seen everything.
func (n *network) process(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(n.in, "process\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.out.ReadBytes('\n'); err != nil {
		t.Fatal(err)
	}
}

func (n *network) call(t *testing.T, who, method string, body, into any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	verb, payload := http.MethodPost, io.Reader(bytes.NewReader(raw))
	if body == nil {
		verb, payload = http.MethodGet, nil
	}
	req, err := http.NewRequestWithContext(t.Context(), verb, n.URL+"/xrpc/"+method, payload)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+n.Accounts[who].Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", method, res.StatusCode, got, err)
	}
	if err := json.Unmarshal(got, into); err != nil {
		t.Fatal(err)
	}
}

type strongRef struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

// post writes one, which mentions us if it begins so.
func (n *network) post(t *testing.T, who, text string, more map[string]any) strongRef {
	t.Helper()
	record := map[string]any{"$type": "app.bsky.feed.post", "text": text, "createdAt": time.Now().UTC().Format(time.RFC3339Nano), "langs": []string{"de"}}
	if strings.HasPrefix(text, "@teahouse.test") {
		record["facets"] = []any{map[string]any{
			"index":    map[string]int{"byteStart": 0, "byteEnd": len("@teahouse.test")},
			"features": []any{map[string]string{"$type": "app.bsky.richtext.facet#mention", "did": n.Accounts["teahouse"].DID}},
		}}
	}
	maps.Copy(record, more)
	var made strongRef
	n.call(t, who, "com.atproto.repo.createRecord", map[string]any{"repo": n.Accounts[who].DID, "collection": "app.bsky.feed.post", "record": record}, &made)
	return made
}

func (n *network) config() bluesky.Config {
	return bluesky.Config{
		Account: "support", Server: n.URL, Handle: "teahouse.test", Password: bluesky.Secret(n.Accounts["teahouse"].Password),
		PollInterval: 50 * time.Millisecond, LateInterval: 500 * time.Millisecond, WatchInterval: 500 * time.Millisecond,
	}
}

// TestRealNetwork lives a day of posts at the makers' own servers: what is sent
// often is there once, and customers see it in their thread.
func TestRealNetwork(t *testing.T) {
	n := realNetwork(t)
	a := adapter(t, n.config(), nil)
	src := channeltest.NewSource(t)
	if n.View {
		receiving(t, a, src)
	}
	question := n.post(t, "alice", "@teahouse.test wann öffnet ihr? 🕰️", nil)
	m := &contact.Message{Origin: originOf(t, question)}
	if n.View {
		n.process(t)
		src.UntilStored(1)
		var err error
		if m, err = a.Parse(src.Items()[0]); err != nil {
			t.Fatal(err)
		}
		if m.MessageID != question.URI || m.ReplyText != "wann öffnet ihr? 🕰️" || m.Language != "de" || !m.Public {
			t.Errorf("the mention is read as %+v", m)
		}
	}
	long := strings.Repeat("Wir öffnen um neun Uhr, montags später. ", 20) + "Mehr: https://shop.test/zeiten #zeiten @alice.test"
	r := &contact.Reply{
		ID: uuid.Must(uuid.NewV7()).String(), Text: long, Origin: m.Origin, CreatedAt: time.Now(),
		Attachments: []contact.Attachment{{Name: "plan.png", ContentType: "image/png", Data: pngOf(t)}},
	}
	receipt := sendThrice(t, n, a, r)
	var mine struct {
		Records []struct {
			URI   string
			Value struct{ Text string }
		}
	}
	n.call(t, "alice", "com.atproto.repo.listRecords?collection=app.bsky.feed.post&repo="+n.Accounts["teahouse"].DID, nil, &mine)
	if len(mine.Records) < 3 || mine.Records[0].URI != receipt.ProviderID {
		t.Errorf("the answer is %d posts, and the last %v: want a thread that ends with %s", len(mine.Records), mine.Records, receipt.ProviderID)
	}
	if n.View {
		again := n.dialogue(t, a, src, question, receipt)
		n.lateAndGone(t, a, src, again)
	}
	n.passwords(t)
}

// passwords sees that the account's own is told from one for programs.
func (n *network) passwords(t *testing.T) {
	t.Helper()
	for password, own := range map[string]bool{n.Accounts["teahouse"].Password: false, "teahouse-pass": true} {
		cfg := n.config()
		cfg.Password = bluesky.Secret(password)
		report, _ := adapter(t, cfg, nil).Check(t.Context()) // without a view there are no notifications
		if got := strings.Contains(strings.Join(report.Lines, "\n"), "the account's own password"); got != own {
			t.Errorf("own %v: Check says %q", own, report.Lines)
		}
	}
}

// lateAndGone lets a post come that was written long before those that were read,
// and takes one away.
func (n *network) lateAndGone(t *testing.T, a *bluesky.Adapter, src *channeltest.Source, gone strongRef) {
	t.Helper()
	before := len(src.Items())
	ago := func(d time.Duration) map[string]any {
		return map[string]any{"createdAt": time.Now().Add(-d).UTC().Format(time.RFC3339Nano)}
	}
	for i := range 24 {
		n.post(t, "bob", "@teahouse.test noch eine Frage", ago(time.Duration(60-i)*time.Minute))
	}
	n.process(t)
	src.UntilStored(before + 24)
	late := n.post(t, "alice", "@teahouse.test aus dem Funkloch", ago(3*time.Hour))
	n.process(t)
	src.UntilStored(before + 25)
	key := gone.URI[strings.LastIndex(gone.URI, "/")+1:]
	var done struct{}
	n.call(t, "alice", "com.atproto.repo.deleteRecord", map[string]any{"repo": n.Accounts["alice"].DID, "collection": "app.bsky.feed.post", "rkey": key}, &done)
	n.process(t)
	src.UntilStored(before + 26)
	items := src.Items()
	if m, err := a.Parse(items[before+24]); err != nil || m.MessageID != late.URI {
		t.Errorf("what came late is read as %+v, %v", m, err)
	}
	if m, err := a.Parse(items[before+25]); err != nil || !m.Withdrawn || m.Replaces != gone.URI {
		t.Errorf("what was deleted is read as %+v, %v", m, err)
	}
}

// sendThrice sends a reply twice, and once more by another process.
func sendThrice(t *testing.T, n *network, a *bluesky.Adapter, r *contact.Reply) channels.Receipt {
	t.Helper()
	raw, err := a.Compose(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Raw = raw
	if sent, known, err := a.Delivered(t.Context(), r); sent || !known || err != nil {
		t.Errorf("before it's sent Delivered says %v, %v, %v", sent, known, err)
	}
	var first channels.Receipt
	for i, by := range []*bluesky.Adapter{a, a, adapter(t, n.config(), nil)} {
		receipt, err := by.Send(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && receipt.ProviderID != first.ProviderID {
			t.Errorf("the same reply is %s and %s", first.ProviderID, receipt.ProviderID)
		}
		first = receipt
	}
	if sent, known, err := a.Delivered(t.Context(), r); !sent || !known || err != nil {
		t.Errorf("Delivered says %v, %v, %v", sent, known, err)
	}
	return first
}

// dialogue lets the customer answer, and another quote.
func (n *network) dialogue(t *testing.T, a *bluesky.Adapter, src *channeltest.Source, question strongRef, receipt channels.Receipt) strongRef {
	t.Helper()
	n.process(t)
	var notes struct {
		Notifications []struct{ Reason, URI string }
	}
	n.call(t, "alice", "app.bsky.notification.listNotifications", nil, &notes)
	if len(notes.Notifications) == 0 {
		t.Error("the customer was notified of nothing")
	}
	var last strongRef
	n.call(t, "alice", "com.atproto.repo.getRecord?collection=app.bsky.feed.post&repo="+n.Accounts["teahouse"].DID+"&rkey="+
		receipt.ProviderID[strings.LastIndex(receipt.ProviderID, "/")+1:], nil, &last)
	again := n.post(t, "alice", "danke!", map[string]any{"reply": map[string]any{"root": question, "parent": last}})
	quote := n.post(t, "bob", "so geht Service", map[string]any{"embed": map[string]any{"$type": "app.bsky.embed.record", "record": last}})
	n.process(t)
	src.UntilStored(3)
	got := map[string]*contact.Message{}
	for _, in := range src.Items() {
		m, err := a.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		got[m.MessageID] = m
	}
	if m := got[again.URI]; m == nil || m.Thread != question.URI || m.InReplyTo != last.URI {
		t.Errorf("the customer's answer is read as %+v", m)
	}
	if m := got[quote.URI]; m == nil || !strings.Contains(m.Text, "[Quotes @teahouse.test]") {
		t.Errorf("the quote is read as %+v", m)
	}
	return again
}

func originOf(t *testing.T, question strongRef) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"v": 1, "post": question, "root": question, "author": "did:plc:x", "language": "de"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
