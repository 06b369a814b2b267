package explain

import (
	"strings"

	"stagecoach/contact"
	"stagecoach/router/match"
)

// language names a language; a code that isn't known stands for itself.
func (t *Teller) language(code string) string {
	en := map[string]string{
		"de": "German", "en": "English", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
		"pl": "Polish", "pt": "Portuguese", "tr": "Turkish", "ru": "Russian", "uk": "Ukrainian", "cs": "Czech",
		"da": "Danish", "sv": "Swedish", "no": "Norwegian", "fi": "Finnish", "ar": "Arabic", "zh": "Chinese", "ja": "Japanese",
	}
	de := map[string]string{
		"de": "Deutsch", "en": "Englisch", "fr": "Französisch", "es": "Spanisch", "it": "Italienisch", "nl": "Niederländisch",
		"pl": "Polnisch", "pt": "Portugiesisch", "tr": "Türkisch", "ru": "Russisch", "uk": "Ukrainisch", "cs": "Tschechisch",
		"da": "Dänisch", "sv": "Schwedisch", "no": "Norwegisch", "fi": "Finnisch", "ar": "Arabisch", "zh": "Chinesisch", "ja": "Japanisch",
	}
	if en[code] == "" {
		return code
	}
	return t.say("%[1]s", "%[2]s", en[code], de[code])
}

// languages lists languages of which one is enough.
func (t *Teller) languages(codes []string) string {
	parts := make([]string, 0, len(codes))
	for _, c := range codes {
		parts = append(parts, t.language(c))
	}
	return t.or(parts)
}

// channel names a channel.
func (t *Teller) channel(ch contact.Channel) string {
	switch ch {
	case contact.Email:
		return t.say("e-mail", "E-Mail")
	case contact.WebChat:
		return t.say("web chat", "Webchat")
	case contact.Slack:
		return "Slack"
	case contact.Mastodon:
		return "Mastodon"
	case contact.Bluesky:
		return "Bluesky"
	case contact.Webhook:
		return t.say("form", "Formular")
	case contact.Phone:
		return t.say("telephone", "Telefon")
	case contact.SMS:
		return "SMS"
	case contact.Visit:
		return t.say("visit", "Besuch")
	case contact.Letter:
		return t.say("letter", "Brief")
	default:
		return string(ch)
	}
}

// skill names a skill as people wrote it.
func skill(name string) string { return strings.ReplaceAll(name, "_", " ") }

// needs says whom a demand asks for, and whom it prefers; nothing for anybody.
func (t *Teller) needs(d *match.Demand) []string {
	var out []string
	langs, skills := t.languages(d.Languages), t.skills(d)
	switch {
	case langs != "" && skills != "":
		out = append(out, t.say("It needs somebody who speaks %[1]s and has %[2]s.", "Er braucht jemanden, der %[1]s spricht und %[2]s kann.", langs, skills))
	case langs != "":
		out = append(out, t.say("It needs somebody who speaks %s.", "Er braucht jemanden, der %s spricht.", langs))
	case skills != "":
		out = append(out, t.say("It needs somebody who has %s.", "Er braucht jemanden, der %s kann.", skills))
	}
	if len(d.Not) > 0 {
		out = append(out, t.say("Whoever has %s is not asked.", "Wer %s hat, wird nicht gefragt.", t.excluding(d.Not)))
	}
	if len(d.Wishes) > 0 {
		out = append(out, t.say("Best would be somebody who has %s.", "Am besten wäre jemand, der %s kann.", t.wishes(d)))
	}
	return out
}

// wishes lists the skills that are wished for, as they stand before "can".
func (t *Teller) wishes(d *match.Demand) string {
	parts := make([]string, 0, len(d.Wishes))
	for i := range d.Wishes {
		parts = append(parts, t.atLevel(d.Wishes[i].Name, d.Wishes[i].Level))
	}
	return t.and(parts)
}

// excluding lists skills that nobody who is asked may have.
func (t *Teller) excluding(names []string) string {
	parts := make([]string, 0, len(names))
	for _, n := range names {
		parts = append(parts, t.say("“%s”", "„%s“", skill(n)))
	}
	return t.or(parts)
}

// skills lists the skills that a demand asks for, as they stand before "can".
func (t *Teller) skills(d *match.Demand) string {
	parts := t.each(d.Skills)
	for _, set := range d.Any {
		parts = append(parts, t.or(t.each(set)))
	}
	return t.and(parts)
}

// noneOf lists skills of which one would be enough, behind "neither" and "weder".
func (t *Teller) noneOf(set []match.Skill) string {
	return strings.Join(t.each(set), t.say(" nor ", " noch "))
}

func (t *Teller) each(set []match.Skill) []string {
	out := make([]string, 0, len(set))
	for _, s := range set {
		out = append(out, t.atLevel(s.Name, s.Level))
	}
	return out
}

func (t *Teller) atLevel(name string, level int) string {
	if level <= 1 {
		return skill(name)
	}
	return t.say("%[1]s at level %[2]d", "%[1]s auf Stufe %[2]d", skill(name), level)
}

// without names a skill and its level as they stand behind "lacks" and "kann".
func (t *Teller) without(name string, level int) string {
	if level <= 1 {
		return t.say("%s", "%s nicht", skill(name))
	}
	return t.say("%[1]s at level %[2]d", "%[1]s nicht auf Stufe %[2]d", skill(name), level)
}

// presence says what somebody is who is not available, behind their name.
func (t *Teller) presence(p contact.Presence) string {
	switch p {
	case contact.Busy:
		return t.say("takes nothing new now", "nimmt gerade nichts Neues an")
	case contact.Away:
		return t.say("is away", "macht Pause")
	case contact.Unreachable:
		return t.say("can't be reached", "ist nicht erreichbar")
	case contact.Available:
		return t.say("is available", "ist verfügbar")
	case contact.Offline:
	}
	return t.say("is not logged in", "ist nicht angemeldet")
}
