package email

import (
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/idna"

	"stagecoach/channels"
	"stagecoach/contact"
)

// envelope names sender and recipients. It fails unless somebody in To is
// taken; the others that were refused, for good or for a time, are given back. A server that says it can
// report (DSN, RFC 3461) is asked to tell of failures and delays, with the
// reply's id as the envelope's; one that then refuses the very words is asked
// without.
func (a *Adapter) envelope(link *smtpLink, r *contact.Reply, size int) (refused channels.Refusals, err error) {
	if err := a.tooLarge(opSend, size); err != nil {
		return refused, err
	}
	people, err := a.envelopePeople(link, r)
	if err != nil {
		return refused, err
	}
	reports := !a.noReports.Load()
	if known, _ := link.client.Extension("DSN"); !known {
		reports = false
	}
	refused, err = a.name(link, r, people, size, reports)
	if reports && refusesWords(err) {
		a.noReports.Store(true)
		if err := link.reset(); err != nil {
			return refused, a.smtpError(opSend, link, err)
		}
		refused, err = a.name(link, r, people, size, false)
	}
	return refused, err
}

// person is one recipient as the envelope has them.
type person struct {
	// given is the address as the reply has it.
	given, address string
	main           bool
}

// envelopePeople gives the recipients in a form that this server can carry: a
// domain in its ASCII form, a name beyond ASCII only by SMTPUTF8 (RFC 6531).
// Where the reply goes to some alone, each of those counts as in To.
func (a *Adapter) envelopePeople(link *smtpLink, r *contact.Reply) ([]person, error) {
	utf8, _ := link.client.Extension("SMTPUTF8")
	var out []person
	seen := map[string]bool{}
	place := -1
	add := func(list []contact.Address, main bool) error {
		for _, to := range list {
			place++
			if len(r.Only) > 0 && !slices.Contains(r.Only, place) {
				continue
			}
			main = main || len(r.Only) > 0
			address := asciiDomain(to.Address)
			switch {
			case !isASCII(address) && !utf8 && main:
				return a.failure(opSend, channels.Rejected, "5.6.7",
					"the customer's address has letters beyond ASCII before the @, which this smtp server can't carry (it lacks SMTPUTF8)", nil)
			case seen[address]:
				continue
			}
			seen[address] = true
			out = append(out, person{given: to.Address, address: address, main: main})
		}
		return nil
	}
	if err := add(r.To, true); err != nil {
		return nil, err
	}
	return out, add(r.CC, false)
}

// asciiDomain writes an address's domain in ASCII (RFC 5891); one that can't be
// stays as it is, for the server to judge.
func asciiDomain(address string) string {
	local, domain, found := cutLast(address, "@")
	if !found || isASCII(domain) {
		return address
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return address
	}
	return local + "@" + ascii
}

// name gives the envelope to the server.
func (a *Adapter) name(link *smtpLink, r *contact.Reply, people []person, size int, reports bool) (refused channels.Refusals, err error) {
	from := asciiDomain(a.cfg.Address)
	utf8, _ := link.client.Extension("SMTPUTF8")
	options := &smtp.MailOptions{Size: int64(size), UTF8: utf8 && !isASCII(from)}
	for _, one := range people {
		options.UTF8 = options.UTF8 || utf8 && !isASCII(one.address)
	}
	if reports {
		options.Return, options.EnvelopeID = smtp.DSNReturnHeaders, r.ID
	}
	link.open = true
	if err := link.client.Mail(from, options); err != nil {
		return refused, a.smtpError(opSend, link, err)
	}
	taken, asked := false, false
	var firstRefusal error
	for _, one := range people {
		if !one.main && !taken {
			break // nobody in To is there: the copies must not go alone
		}
		if !isASCII(one.address) && !utf8 { // a participant that this server can't carry
			refused.Refused = append(refused.Refused, one.given)
			continue
		}
		err := link.client.Rcpt(one.address, recipientOptions(one, reports))
		var reply *smtp.SMTPError
		switch {
		case err == nil:
			taken, asked = taken || one.main, true
		case !errors.As(err, &reply) || reply.Code == 421:
			return refused, a.smtpError(opSend, link, err)
		case reports && !asked && refusesWords(err):
			return refused, a.smtpError(opSend, link, err)
		default:
			err = a.smtpError(opSend, link, err)
			noteRefusal(&refused, one, err)
			if one.main {
				firstRefusal = temporaryFirst(firstRefusal, err)
			}
		}
	}
	switch {
	case taken:
		return refused, nil
	case firstRefusal == nil:
		return refused, a.failure(opSend, channels.Malformed, "", "the reply has no recipient", nil)
	}
	return refused, firstRefusal
}

// noteRefusal puts a recipient among those who are refused for good or for a
// time.
func noteRefusal(refused *channels.Refusals, one person, err error) {
	if typed, ok := errors.AsType[*channels.Error](err); ok && typed.Permanent() {
		refused.Refused = append(refused.Refused, one.given)
		return
	}
	refused.Deferred = append(refused.Deferred, one.given)
	if refused.Why == nil {
		refused.Why = err
	}
}

// recipientOptions asks for reports on failure and delay, never on success.
func recipientOptions(one person, reports bool) *smtp.RcptOptions {
	if !reports || !isASCII(one.address) {
		return nil
	}
	return &smtp.RcptOptions{
		Notify:                []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed},
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: one.address,
	}
}

// refusesWords reports whether a server refuses the parameters of a command
// (RFC 5321 section 4.2.2) and not what it is about.
func refusesWords(err error) bool {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		return false
	}
	if class, subject, detail := answerCode(reply); class == 5 && subject == 5 && detail == 4 {
		return true
	} else if class == 5 && (subject == 1 || subject == 2) {
		return false
	}
	return reply.Code == 501 || reply.Code == 504 || reply.Code == 555
}

// temporaryFirst keeps the error that may go away: then trying again is right.
func temporaryFirst(have, next error) error {
	var typed *channels.Error
	if have == nil || (errors.As(have, &typed) && typed.Permanent()) {
		return next
	}
	return have
}

// cannotCarry reports whether the library refuses to write what this server
// can't carry.
func cannotCarry(err error) bool {
	return strings.Contains(err.Error(), "SMTPUTF8") || strings.Contains(err.Error(), "CR or LF")
}
