package desk_test

import (
	"testing"

	"stagecoach/channels"
)

// Mails that name no sender need not be of the same person.
func TestMailsWithoutASenderAreContactsOfTheirOwn(t *testing.T) {
	r := newRig(t)
	first := r.rawMail([]byte("To: support@acme.example\r\nSubject: One\r\n\r\nWhere is my parcel?\r\n"), channels.Fresh)
	second := r.rawMail([]byte("From: <>\r\nTo: support@acme.example\r\nSubject: Two\r\n\r\nMy lamp is broken.\r\n"), channels.Fresh)
	if first.Contact == "" || second.Contact == "" || first.Contact == second.Contact {
		t.Errorf("contacts %q and %q, want two", first.Contact, second.Contact)
	}
}
