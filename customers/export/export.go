// Package export writes what is kept of a person as files that they, and programs, can
// read: JSON, a mailbox of all messages and answers, the files that came and went, a
// table, and a page in plain words. It is one ZIP archive, written as it goes.
package export

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"stagecoach/contact"
	"stagecoach/customers"
)

// Person is what is kept of somebody.
type Person struct {
	// Company is whose data it is, Made when it was gathered.
	Company   string    `json:"company,omitempty"`
	Made      time.Time `json:"made"`
	Customers []string  `json:"customers"`
	Name      string    `json:"name"`
	// Since is when they were first known.
	Since time.Time `json:"known_since,omitzero"`
	// Addresses are theirs.
	Addresses []contact.Identity `json:"addresses"`
	// Records are what is kept of them in words, with the source of each field; who
	// wrote it down is left out where that is a colleague.
	Records []customers.Record `json:"records"`
	// Feedback is what they said of how they were answered.
	Feedback []Feedback `json:"feedback"`
	// Kept says how long what is kept, by kind.
	Kept          []Keeping      `json:"kept"`
	Conversations []Conversation `json:"conversations"`
	// LeftOut says what isn't here, and why.
	LeftOut []string `json:"left_out"`
}

// Feedback is one word of theirs about an answer.
type Feedback struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Rating string    `json:"rating,omitempty"`
	Text   string    `json:"text,omitempty"`
}

// Keeping is how long a kind of data is kept, Days 0 for until it is erased.
type Keeping struct {
	Kind string `json:"kind"`
	Days int    `json:"days"`
}

// Conversation is one matter.
type Conversation struct {
	ID       string          `json:"id"`
	Channel  contact.Channel `json:"channel"`
	OpenedAt time.Time       `json:"opened_at"`
	State    string          `json:"state"`
	Contacts []Contact       `json:"contacts"`
	Items    []Item          `json:"items"`
}

// Contact is one turn that awaited an answer, and what became of it.
type Contact struct {
	ID      string          `json:"id"`
	Channel contact.Channel `json:"channel"`
	Subject string          `json:"subject,omitempty"`
	// Start is since when it waited, Due by when an answer was promised.
	Start time.Time `json:"start"`
	Due   time.Time `json:"promised_by,omitzero"`
	// Class, Kind, Queue and Tier are how it was sorted.
	Class string `json:"class,omitempty"`
	Kind  string `json:"kind,omitempty"`
	Queue string `json:"queue,omitempty"`
	Tier  string `json:"tier,omitempty"`
	// Outcome is open, replied, merged, or the reason for which it ended without a
	// reply; Kept is true where it was answered in time.
	Outcome string    `json:"outcome"`
	EndedAt time.Time `json:"ended_at,omitzero"`
	Kept    bool      `json:"in_time"`
}

// Item is a message, a reply or a note.
type Item struct {
	// Kind is message, reply, acknowledgement, forward or note.
	Kind    string          `json:"kind"`
	ID      string          `json:"id"`
	At      time.Time       `json:"at"`
	Channel contact.Channel `json:"channel"`
	From    contact.Address `json:"from"`
	To      []string        `json:"to,omitempty"`
	Subject string          `json:"subject,omitempty"`
	Text    string          `json:"text"`
	State   string          `json:"state,omitempty"`
	Files   []File          `json:"files,omitempty"`
	// Gone says why its words are not there: erased or expired.
	Gone string `json:"gone,omitempty"`

	// Mail is the whole mail as it came or went, nil where it was none.
	Mail []byte `json:"-"`
}

// File is one that came or went with an item.
type File struct {
	Name string `json:"name"`
	Type string `json:"content_type"`
	Size int64  `json:"size"`
	// Path is where it lies in the archive, Gone why it does not.
	Path string `json:"path,omitempty"`
	Gone string `json:"gone,omitempty"`

	// Open gives its bytes.
	Open func() (io.ReadCloser, error) `json:"-"`
}

// Write writes all files as one archive. The conversations' items are completed with
// the places of their files.
func Write(w io.Writer, p *Person) error {
	z := zip.NewWriter(w)
	a := &archive{z: z, at: p.Made, names: map[string]bool{}}
	for _, write := range []func(*Person) error{a.files, a.mailbox, a.profile, a.conversations, a.table, a.words} {
		if err := write(p); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return nil
}

// archive is the ZIP file that is being written.
type archive struct {
	z     *zip.Writer
	at    time.Time
	names map[string]bool
}

func (a *archive) create(name string) (io.Writer, error) {
	w, err := a.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return w, nil
}

// files writes what came and went, under names that are safe anywhere.
func (a *archive) files(p *Person) error {
	n := 0
	for v := range p.Conversations {
		for i := range p.Conversations[v].Items {
			item := &p.Conversations[v].Items[i]
			for k := range item.Files {
				n++
				if err := a.file(n, &item.Files[k]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (a *archive) file(n int, f *File) error {
	if f.Gone != "" || f.Open == nil {
		return nil
	}
	in, err := f.Open()
	if err != nil {
		f.Gone = "it could not be read"
		return nil
	}
	defer func() { _ = in.Close() }()
	path := fmt.Sprintf("attachments/%04d-%s", n, SafeName(f.Name))
	w, err := a.create(path)
	if err != nil {
		return err
	}
	if f.Size, err = io.Copy(w, in); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	f.Path = path
	return nil
}

func (a *archive) profile(p *Person) error {
	own := *p
	own.Conversations = nil
	return a.json("profile.json", struct {
		*Person
		Conversations int `json:"conversations"`
	}{&own, len(p.Conversations)})
}

func (a *archive) conversations(p *Person) error {
	return a.json("conversations.json", p.Conversations)
}

func (a *archive) json(name string, v any) error {
	w, err := a.create(name)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
