package webchatfake

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// stream reads events until the link ends.
func (v *Visitor) stream() error {
	ctx, cut := context.WithCancel(v.ctx)
	defer cut()
	v.mu.Lock()
	var last int64
	if len(v.lines) > 0 {
		last = v.lines[len(v.lines)-1].N
	}
	v.cut = cut
	v.mu.Unlock()
	req, err := v.request(http.MethodGet, "events?after="+strconv.FormatInt(last, 10), nil)
	if err != nil {
		return err
	}
	resp, err := v.client.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return problemOf(resp)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "text/event-stream" {
		return fmt.Errorf("the stream is %q", kind)
	}
	defer v.change(func() { v.streams-- })
	v.change(func() { v.streams++ })
	return v.read(resp)
}

func (v *Visitor) read(resp *http.Response) error {
	var id, name, data string
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 4096), 1<<20)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if data != "" {
				v.take(name, id, data)
			}
			id, name, data = "", "", ""
		case field == "id":
			id = value
		case field == "event":
			name = value
		case field == "data":
			data = value
		}
	}
	return lines.Err()
}

// take takes one event, and complains of what must not be.
func (v *Visitor) take(name, id, data string) {
	switch name {
	case "message":
		var l Line
		if err := json.Unmarshal([]byte(data), &l); err != nil || strconv.FormatInt(l.N, 10) != id {
			v.complain("an event that is none: id %s: %v", id, err)
			return
		}
		v.change(func() {
			want := int64(1)
			if n := len(v.lines); n > 0 {
				want = v.lines[n-1].N + 1
			}
			if l.N != want {
				v.complaints = append(v.complaints, fmt.Sprintf("number %d came where %d was due", l.N, want))
			}
			v.lines = append(v.lines, l)
		})
	case "typing":
		v.change(func() { v.typing = append(v.typing, data) })
	case "outlook":
		var o Outlook
		if err := json.Unmarshal([]byte(data), &o); err != nil {
			v.complain("what is to be expected can't be read: %v", err)
			return
		}
		v.change(func() { v.outlook = o })
	}
}

func (v *Visitor) change(do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	do()
	close(v.changed)
	v.changed = make(chan struct{})
}

// Changed gives a channel that is closed at the next change of what the visitor
// sees.
func (v *Visitor) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// Lines gives the conversation as the visitor sees it.
func (v *Visitor) Lines() []Line {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Line(nil), v.lines...)
}

// Received gives what agents wrote.
func (v *Visitor) Received() []Line {
	var out []Line
	for _, l := range v.Lines() {
		if l.From == "agent" {
			out = append(out, l)
		}
	}
	return out
}

// Outlook gives what the visitor was last told of the time that an answer takes.
func (v *Visitor) Outlook() Outlook {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.outlook
}

// Typing gives the signs so far that an agent was writing.
func (v *Visitor) Typing() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.typing...)
}

// Complaints gives what a browser would have shown wrong.
func (v *Visitor) Complaints() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.complaints...)
}

// Streaming reports whether the stream is open.
func (v *Visitor) Streaming() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.streams > 0
}

// Cut breaks the stream, which is opened again.
func (v *Visitor) Cut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cut != nil {
		v.cut()
	}
}

// Misbehave sets how the link behaves from now on.
func (v *Visitor) Misbehave(m Mode) { v.change(func() { v.mode = m }) }

// ID gives the visitor's id, "" before the session.
func (v *Visitor) ID() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.id
}

// Token gives the visitor's token, "" before the session.
func (v *Visitor) Token() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.token
}

// SetToken makes the visitor a browser that kept this token.
func (v *Visitor) SetToken(token string) { v.change(func() { v.token = token }) }
