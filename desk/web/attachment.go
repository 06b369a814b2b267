package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"stagecoach/contact"
)

// errNoObject is the reason against an attachment that names no stored bytes.
var errNoObject = errors.New("it names no stored file")

// AttachmentValue writes an uploaded file as the opaque value of the field
// "attachment". The bytes are named by their unguessable object id only.
func AttachmentValue(a contact.Attachment) string {
	a.Data = nil
	b, err := json.Marshal(a)
	if err != nil { // a struct of strings and a number cannot fail
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseAttachment reads the value of a field "attachment".
func ParseAttachment(s string) (contact.Attachment, error) {
	var a contact.Attachment
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err == nil && (a.Object == "" || a.Size < 0) {
		err = errNoObject
	}
	if err != nil {
		return contact.Attachment{}, fmt.Errorf("reading an attachment's field: %w", err)
	}
	a.Data = nil
	return a, nil
}
