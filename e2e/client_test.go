package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"testing"
	"time"
)

// The values below are the parts of the API's answers that these tests read.
type (
	login struct {
		Token string `json:"token"`
	}
	card struct {
		Contact      string    `json:"contact"`
		Conversation string    `json:"conversation"`
		Customer     string    `json:"customer"`
		Channel      string    `json:"channel"`
		Account      string    `json:"account"`
		Subject      string    `json:"subject"`
		State        string    `json:"state"`
		Promise      string    `json:"promise"`
		Start        time.Time `json:"start"`
		Messages     int       `json:"messages"`
		Trouble      string    `json:"trouble"`
		Elsewhere    bool      `json:"elsewhere"`
	}
	offer struct {
		ID   string   `json:"id"`
		Card card     `json:"card"`
		Why  []string `json:"why"`
	}
	desk struct {
		Offers []offer `json:"offers"`
		Mine   []card  `json:"mine"`
	}
	person struct {
		Address string `json:"address"`
	}
	item struct {
		Kind   string   `json:"kind"`
		ID     string   `json:"id"`
		State  string   `json:"state"`
		Text   string   `json:"text"`
		Detail string   `json:"detail"`
		To     []person `json:"to"`
	}
	conversation struct {
		Engaged *struct{ Agent string } `json:"engaged"`
		ID      string                  `json:"id"`
		State   string                  `json:"state"`
		Card    card                    `json:"card"`
		Items   []item                  `json:"items"`
		Covers  string                  `json:"covers"`
		ReplyTo []person                `json:"reply_to"`
		Subject string                  `json:"subject"`
	}
	overview struct {
		Doubtful []item `json:"doubtful"`
	}
	done struct {
		Contact      string `json:"contact"`
		Conversation string `json:"conversation"`
		Reply        string `json:"reply"`
		Known        bool   `json:"known"`
	}
	cards struct {
		Contacts []card `json:"contacts"`
	}
)

// client is one person's program that speaks the API.
type client struct {
	url, token, name string
}

// refusal is the API's word that something was not done.
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// do makes one request. A *refusal is the daemon's answer; any other error
// means that nobody knows whether it was done.
func (c *client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	return c.send(ctx, method, path, "application/json", body, out)
}

// send makes one request with any body, nil for none.
func (c *client) send(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		r := &refusal{}
		if err := json.Unmarshal(answer, r); err != nil {
			return fmt.Errorf("status %d, and no problem in it: %q", resp.StatusCode, answer)
		}
		r.Status = resp.StatusCode
		return r
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// upload hands a file in and gives its id.
func (c *client) upload(ctx context.Context, name string, data []byte) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf("form-data; name=file; filename=%q", name)},
		"Content-Type":        {mime.TypeByExtension(filepath.Ext(name))},
	})
	if err != nil {
		return "", err
	}
	_, _ = part.Write(data) // into memory
	_ = w.Close()
	var up struct {
		ID string `json:"id"`
	}
	return up.ID, c.send(ctx, http.MethodPost, "/api/attachments", w.FormDataContentType(), &form, &up)
}

// must is do for what has to work.
func (c *client) must(t *testing.T, method, path string, in, out any) {
	t.Helper()
	if err := c.do(t.Context(), method, path, in, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

// conversation reads all there is to see of one.
func (c *client) conversation(t *testing.T, id string) conversation {
	t.Helper()
	var v conversation
	c.must(t, "GET", "/api/conversations/"+id, nil, &v)
	return v
}

// take waits for an offer with this subject, and accepts it.
func (c *client) take(t *testing.T, subject string) offer {
	t.Helper()
	var found offer
	eventually(t, patience, words("an offer of %q", subject), func() bool {
		var d desk
		c.must(t, "GET", "/api/desk", nil, &d)
		for _, o := range d.Offers {
			if o.Card.Subject == subject && c.accept(t, o) {
				found = o
			}
		}
		return found.ID != ""
	})
	return found
}

// accept reports false for an offer that is one no more.
func (c *client) accept(t *testing.T, o offer) bool {
	t.Helper()
	err := c.do(t.Context(), "POST", "/api/offers/"+o.ID+"/accept", map[string]any{"command_id": "accept-" + o.ID}, nil)
	var r *refusal
	if err != nil && !errors.As(err, &r) {
		t.Fatalf("accepting an offer: %v", err)
	}
	return err == nil
}

// answer replies to a contact that is held, and waits until it is delivered.
func (c *client) answer(t *testing.T, held card, text string) string {
	t.Helper()
	reply := c.reply(t, held, text)
	c.untilDelivered(t, held.Conversation, reply)
	return reply
}

// reply writes without waiting for what becomes of it: a server may take it
// and report it dead before anybody has looked.
func (c *client) reply(t *testing.T, held card, text string) string {
	t.Helper()
	v := c.conversation(t, held.Conversation)
	var d done
	c.must(t, "POST", "/api/contacts/"+held.Contact+"/reply", map[string]any{"text": text, "covers": v.Covers}, &d)
	return d.Reply
}

func (c *client) untilDelivered(t *testing.T, conversation, reply string) {
	t.Helper()
	var last item
	eventually(t, patience, func() string {
		return fmt.Sprintf("reply %s to be delivered, is %q %s", reply, last.State, last.Detail)
	}, func() bool {
		for _, it := range c.conversation(t, conversation).Items {
			if it.Kind == "reply" && it.ID == reply {
				last = it
				return it.State == "delivered"
			}
		}
		return false
	})
}

// contacts lists what is open.
func (c *client) contacts(t *testing.T) []card {
	t.Helper()
	var all cards
	c.must(t, "GET", "/api/contacts?limit=1000", nil, &all)
	return all.Contacts
}
