package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"stagecoach/contact"
	"stagecoach/desk/web"
	"stagecoach/journal"
	"stagecoach/router"
)

// The file of a reply that was never sent goes with who is erased: it may be one that was
// meant for them before, and did not arrive.
func TestErasesFilesOfDrafts(t *testing.T) {
	t.Parallel()
	d, _, token := retainOffice(t)
	c := &client{http: &http.Client{}, base: d.URL(), token: token}
	id, customer := d.called(t, token, "+49305555555", "zanzibarerased asks")
	object, size, err := d.journal.PutObject(t.Context(), strings.NewReader("zanzibarbill"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.call(t.Context(), http.MethodPost, "/api/contacts/"+id+"/take", map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	upload := web.AttachmentValue(contact.Attachment{Name: "bill.txt", ContentType: "text/plain", Size: size, Object: object})
	if _, err := c.call(t.Context(), http.MethodPut, "/api/contacts/"+id+"/draft", map[string]any{"text": "here it is", "attachments": []string{upload}}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := d.rights.erase(t.Context(), router.ActorControl, customer)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is done", func() bool {
		got, err := d.rights.erasure(t.Context(), e.ID)
		return err == nil && got.Ended
	})
	in, err := d.journal.GetObject(t.Context(), object)
	if err == nil {
		_ = in.Close()
	}
	if !errors.Is(err, journal.ErrErased) && !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("the file is there still: %v", err)
	}
}
