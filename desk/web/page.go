package web

import (
	"net/url"
	"strings"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// Page is what every page needs beside its own value. The zero value renders.
type Page struct {
	// Desk is the start page's value: its rail, offers, counts and alerts are
	// on every page, and its Me is who looks.
	Desk view.Desk
	// Path is the path of the request, such as "/c/0199…".
	Path string
	// Theme is "light", "dark", or "" to follow the system.
	Theme string
	// Now is the router's time; countdowns start from it.
	Now time.Time
	// Zone is the office's time zone; nil is UTC.
	Zone *time.Location
	// Flash is said once at the top, nil for nothing.
	Flash *Flash
	// CatchingUp is true when the page may not show the newest commit yet.
	CatchingUp bool
}

// Flash is a short word to the one who looks.
type Flash struct {
	// Level is info, success, warning or error.
	Level string
	Text  string
}

// Entry is what the pages before the login need.
type Entry struct {
	Theme string
	// Error says in words what was wrong with the last try.
	Error string
	// Name and Email are what was typed before.
	Name  string
	Email string
	// Next is where to go after the login: a path of ours.
	Next string
	// Token is the one-time token of the set-up link.
	Token string
	// Role says what the account will be, "" where it is not known.
	Role string
}

// in gives t in the office's zone.
func (p Page) in(t time.Time) time.Time {
	if p.Zone == nil {
		return t.UTC()
	}
	return t.In(p.Zone)
}

// supervisor reports whether the one who looks may see everything.
func (p Page) supervisor() bool { return p.Desk.Me.Role == "supervisor" }

// under reports whether the page stands below a path, for the navigation.
func (p Page) under(path string) bool {
	if path == "/" {
		return p.Path == "/" || p.Path == "" || (len(p.Path) > 3 && p.Path[:3] == "/c/")
	}
	return p.Path == path || (len(p.Path) > len(path) && p.Path[:len(path)+1] == path+"/")
}

// conversation reports whether the page is a conversation's.
func (p Page) conversation() bool { return strings.HasPrefix(p.Path, "/c/") }

// railed reports whether the page has the rail.
func (p Page) railed() bool { return p.under("/") }

// pressing counts what is with me and at risk or late.
func pressing(p Page) int {
	n := 0
	for _, c := range p.Desk.Mine {
		if mood(p.Now, c) != "ok" {
			n++
		}
	}
	return n
}

// presences are those that a person can choose.
func presences() []contact.Presence {
	return []contact.Presence{contact.Available, contact.Busy, contact.Away, contact.Offline}
}

func presenceWord(p contact.Presence) string { return strings.ToLower(presenceName(p)) }

// level is one of the four grades that the styles know.
func level(s string) string {
	switch s {
	case "success", "warning", "error":
		return s
	default:
		return "info"
	}
}

func levelIcon(s string) string {
	switch s {
	case "success":
		return "check"
	case "warning", "error":
		return "warn"
	default:
		return "info"
	}
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func toneIf(b bool, tone string) string {
	if b {
		return tone
	}
	return ""
}

// seg makes an id safe as one segment of a path.
func seg(id string) string { return url.PathEscape(id) }

// query makes a value safe in a query.
func query(s string) string { return url.QueryEscape(s) }

// ringDash is how much of an offer's ring is drawn, 0 to 100.
func ringDash(now time.Time, o view.Offer) string {
	if o.Seconds <= 0 {
		return "0"
	}
	share := 100 * o.Expires.Sub(now).Seconds() / float64(o.Seconds)
	return itoa(int(max(0, min(share, 100))))
}

// offerSeconds is what an offer's ring says.
func offerSeconds(now time.Time, o view.Offer) string {
	s := int(max(0, o.Expires.Sub(now).Seconds()))
	if s > 99 {
		return itoa((s+59)/60) + "m"
	}
	return itoa(s)
}

// languageName is a language in English, or its tag.
func languageName(tag string) string {
	if n, ok := languages[tag]; ok {
		return n
	}
	return tag
}

// languages are the names of the languages that are met most.
//
//nolint:gochecknoglobals // a table
var languages = map[string]string{
	"ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German",
	"el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
	"fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
	"hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian",
	"lv": "Latvian", "nb": "Norwegian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
	"pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
	"sr": "Serbian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
	"zh": "Chinese",
}
