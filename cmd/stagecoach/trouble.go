package main

import (
	"strings"

	"stagecoach/channels"
)

// readingTrouble says why nothing can be read from an account: what, since
// when, and what a person can do. It is "" while the link stands.
func readingTrouble(s channels.State) string {
	if s.Connected || s.LastError == "" {
		return ""
	}
	words := "nothing is read since " + s.Since.UTC().Format("2006-01-02 15:04 UTC") + ": " + plainly(s.LastError, string(s.Channel)+"/"+s.Account, s.Reason)
	return words + ". What waits there is read later, nothing is lost." + advice(s.Reason, s.LastError)
}

// sendingTrouble says why nothing can be sent by an account.
func sendingTrouble(name, why string, reason channels.Reason) string {
	if why == "" {
		return ""
	}
	return "replies can't be sent: " + plainly(why, name, reason) + ". They are kept and go out later." + advice(reason, why)
}

// plainly takes an account's name and what is meant for programs off an error's
// text (channels.Error).
func plainly(text, name string, reason channels.Reason) string {
	text = strings.TrimPrefix(text, name+": ")
	if _, rest, ok := strings.Cut(text, ": "+string(reason)+": "); ok && reason != "" {
		text = rest
	}
	return text
}

// advice says what to do about a kind of trouble, "" where what was said tells
// already: whoever logs in by a token has no password to correct.
func advice(r channels.Reason, said string) string {
	if strings.Contains(said, "what to do: ") {
		return ""
	}
	switch r {
	case channels.Auth:
		for _, other := range []string{"stagecoach mail login", "oauth", "refuses a token"} {
			if strings.Contains(said, other) {
				return ""
			}
		}
		return " Correct the user name or the password, then reload (SIGHUP)."
	case channels.Unavailable:
		switch {
		case strings.Contains(said, "stopped answering"):
			return " It is tried again by itself; if it lasts, look after the server."
		case strings.Contains(said, "certificate"), strings.Contains(said, "TLS"):
			return " After a change of the configuration reload it (SIGHUP)."
		}
		return " Is the server up, and are host, port and tls right?"
	case channels.RateLimited:
		return " The provider wants us to wait; nothing is to be done."
	case channels.Rejected, channels.Malformed, channels.InDoubt, channels.Unknown:
	}
	return ""
}
