package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"stagecoach/contact"
	"stagecoach/customers"
)

// The bounds of one row.
const (
	mostList = 100
	mostName = 500
	mostID   = 200
	mostAttr = 10_000
)

// Fault says why a record can't be loaded.
type Fault struct {
	// Line is the physical line where the record starts; the header is 1.
	Line   int    `json:"line"`
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// checker makes rows of cells. What is asked again and again is remembered.
type checker struct {
	country   string
	now       time.Time
	dotGroups bool
	languages map[string]remembered
	zones     map[string]remembered
}

type remembered struct {
	value string
	err   error
}

func newChecker(country string, now time.Time) *checker {
	return &checker{country: country, now: now, languages: map[string]remembered{}, zones: map[string]remembered{}}
}

// mostRemembered bounds what is remembered of a file that has another word in every
// line.
const mostRemembered = 10_000

func remember(in map[string]remembered, s string, find func(string) (string, error)) (string, error) {
	r, ok := in[s]
	if !ok {
		r.value, r.err = find(s)
		if len(in) < mostRemembered {
			in[s] = r
		}
	}
	return r.value, r.err
}

// cell is one field of a record.
type cell struct{ column, text string }

// row checks every cell; the fault, if there is one, names the first column that has
// one and tells them all.
func (c *checker) row(line int, cells []cell) (*customers.Row, *Fault) {
	row := &customers.Row{Line: line}
	var fault *Fault
	for _, one := range cells {
		text := unguard(strings.TrimSpace(one.text))
		if text == "" {
			continue
		}
		err := c.set(row, one.column, text)
		switch {
		case err == nil:
		case fault == nil:
			fault = &Fault{Line: line, Column: one.column, Reason: err.Error()}
		default:
			fault.Reason += "; also " + one.column + ": " + err.Error()
		}
	}
	if fault == nil && row.External == "" && len(row.Identities) == 0 {
		fault = &Fault{Line: line, Column: "external_id", Reason: "the row has neither an external_id nor an address: nobody could be found again by it"}
	}
	if fault != nil {
		return nil, fault
	}
	return row, nil
}

// set puts the value of a cell where it belongs.
func (c *checker) set(row *customers.Row, column, text string) (err error) {
	switch column {
	case rejectedLine, rejectedReason:
	case "external_id":
		row.External = text
		if strings.ContainsAny(text, "\r\n") {
			return errors.New("it goes over several lines")
		}
		return plainText(text, mostID)
	case "name":
		row.Name = strings.Join(strings.Fields(text), " ")
		return plainText(text, mostName)
	case "emails":
		return each(text, func(s string) error { return c.identity(row, contact.Email, s) })
	case "phones":
		return each(text, func(s string) error { return c.identity(row, contact.Phone, s) })
	case "handles":
		return each(text, func(s string) error { return c.handle(row, s) })
	case "language":
		row.Language, err = remember(c.languages, text, languageTag)
	case "timezone":
		row.Zone, err = remember(c.zones, text, timeZone)
	case "value":
		var v float64
		if v, err = number(text, c.dotGroups); err == nil {
			row.Value = &v
		}
	case "customer_since":
		row.Since, err = date(text, c.now)
	case "preferred_channel":
		row.Prefer, err = channelName(text)
	case "tags":
		return each(text, func(s string) error {
			if !slices.Contains(row.Tags, s) {
				row.Tags = append(row.Tags, s)
			}
			return plainText(s, 100)
		})
	default:
		name := strings.TrimPrefix(column, attrPrefix)
		if text, err = c.order(name, text); err != nil {
			return err
		}
		row.Attributes = append(row.Attributes, customers.Attribute{Name: name, Value: text})
		return plainText(text, mostAttr)
	}
	return err
}

// each calls do with every part of a list.
func each(text string, do func(s string) error) error {
	n := 0
	for part := range strings.SplitSeq(text, ";") {
		part = unguard(strings.TrimSpace(part))
		if part == "" {
			continue
		}
		if n++; n > mostList {
			return fmt.Errorf("the list has more than %d entries", mostList)
		}
		if err := do(part); err != nil {
			return err
		}
	}
	return nil
}

// handle reads channel:address.
func (c *checker) handle(row *customers.Row, s string) error {
	name, address, ok := strings.Cut(s, ":")
	if !ok {
		return fmt.Errorf("%q is no handle: write channel:address, as mastodon:anna@social.example", clip(s))
	}
	ch, err := channelName(name)
	if err != nil {
		return err
	}
	return c.identity(row, ch, strings.TrimSpace(address))
}

// identity adds an address, once.
func (c *checker) identity(row *customers.Row, ch contact.Channel, s string) error {
	address, err := c.address(ch, s)
	if err != nil {
		return err
	}
	i := customers.Identity{Channel: ch, Address: address}
	if !slices.ContainsFunc(row.Identities, func(has customers.Identity) bool {
		return has.Channel == ch && strings.EqualFold(has.Address, address)
	}) {
		row.Identities = append(row.Identities, i)
	}
	return nil
}

// address checks an address of a channel and gives it as that channel has it.
func (c *checker) address(ch contact.Channel, s string) (string, error) {
	if s == "" {
		return "", fmt.Errorf("the address on %s is empty", ch)
	}
	switch ch {
	case contact.Email:
		return s, emailAddress(s)
	case contact.Phone, contact.SMS:
		return c.phone(s)
	case contact.Mastodon:
		s = strings.ToLower(strings.TrimPrefix(s, "@"))
		if user, server, ok := strings.Cut(s, "@"); !ok || user == "" || !strings.Contains(server, ".") {
			return "", fmt.Errorf("%q is nobody on Mastodon: write name@server, as anna@social.example", clip(s))
		}
	case contact.Slack, contact.Bluesky, contact.WebChat, contact.Webhook, contact.Letter, contact.Visit:
	}
	if strings.ContainsAny(s, "\r\n") {
		return "", fmt.Errorf("the address on %s goes over several lines", ch)
	}
	return s, plainText(s, mostName)
}

// phone gives a number as E.164.
func (c *checker) phone(s string) (string, error) {
	if e164, ok := customers.Number(s); ok {
		return e164, nil
	}
	written := strings.TrimSpace(s)
	if strings.HasPrefix(written, "+") || strings.HasPrefix(written, "00") || c.country == "" {
		reason := fmt.Sprintf("%q is no telephone number", clip(s))
		if digits := strings.Trim(written, "0123456789 ()/.-"); digits == "" && c.country == "" {
			reason += " with a country's code: write +49 30 1234567, or name the country of such numbers by --country DE"
		}
		return "", errors.New(reason)
	}
	n, err := phonenumbers.Parse(written, c.country)
	if err == nil && phonenumbers.IsPossibleNumber(n) && n.GetExtension() == "" {
		if e164, ok := customers.Number(phonenumbers.Format(n, phonenumbers.E164)); ok {
			return e164, nil
		}
	}
	return "", fmt.Errorf("%q is no telephone number of %s", clip(s), c.country)
}

// KnownCountry reports whether telephone numbers of a country can be read.
func KnownCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

// Guard writes a cell so that no spreadsheet takes it for a formula.
func Guard(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '@', '\t', '\r':
		return "'" + s
	case '+', '-':
		if strings.Trim(s[1:], "0123456789 ()/.,;+-") != "" {
			return "'" + s
		}
	}
	return s
}

// unguard takes off what Guard set before a text.
func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte("=@+-\t\r", s[1]) >= 0 {
		return s[1:]
	}
	return s
}
