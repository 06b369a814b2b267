package web

import (
	"net/url"
	"testing"
	"time"

	"stagecoach/contact"
	"stagecoach/desk/view"
)

// wayful is a conversation that began in public and can be answered in several ways.
func wayful() view.Conversation {
	c := thread(6)
	c.Card.Channel = contact.Mastodon
	public := view.Way{
		ID: "mastodon/shop/@mk@social.example", Channel: contact.Mastodon, Account: "shop", Address: "@mk@social.example", Name: "Miriam Köhler", Public: true,
		Limits: contact.Limits{TextRunes: 5000, PartRunes: 480, Public: true}, Subject: c.Subject,
	}
	direct := public
	direct.ID, direct.Public, direct.Direct, direct.Limits.Public = "direct:"+public.ID, false, true, false
	mail := view.Way{
		ID: "email/service/miriam.koehler@example.org", Channel: contact.Email, Account: "service", Address: "miriam.koehler@example.org", Name: "Miriam Köhler",
		Limits: contact.Limits{CC: true, HTML: true}, Preferred: true, Why: "The customer wants it so, noted by Ines Albrecht (3 Mar 2026)",
		Subject: "Ihre Nachricht vom 12.03.2026 (Mastodon)", Quoted: "Sie haben uns am 12.03.2026 um 09:12 Uhr geschrieben (Mastodon):\n> Guten Tag",
	}
	chat := view.Way{ID: "webchat/shop/visitor:1", Channel: contact.WebChat, Account: "shop", Address: "visitor:1", Name: "Visitor 1", Not: "you do not answer on this channel"}
	phone := view.Way{ID: "phone/phone/+49305550142", Channel: contact.Phone, Account: "phone", Address: "+49 30 5550142"}
	c.Ways, c.ReplyBy, c.Asked, c.AskedPublic = []view.Way{public, direct, mail, chat, phone}, mail.ID, contact.Mastodon, true
	c.Subject, c.Quoted, c.Limits = mail.Subject, mail.Quoted, mail.Limits
	held := line(83, view.ItemReply, "Ines Albrecht", "Ihr Rad ist fertig und kann abgeholt werden.")
	held.State, held.Mine, held.HeldUntil = "queued", true, sampleNow.Add(9*time.Hour)
	held.Detail = "Goes out at 08:00 on Fri 13 Mar in their zone (Europe/Berlin): it is night at the customer's."
	c.Items = append(c.Items, held)
	return c
}

// The way of a reply is chosen by keyboard; fields, limits and warnings follow it, and
// what the customer wants is noted.
func TestWaysOfAReply(t *testing.T) {
	s, page, site := open(t, sampleConversation)
	s.change(func() { s.conv = wayful() })
	page.Open(site + sampleConversation)
	shown := func(selector string, want bool) {
		t.Helper()
		is := "false"
		if want {
			is = "true"
		}
		page.Wait(`(document.querySelector('` + selector + `')?.checkVisibility() ?? false) === ` + is)
	}
	shown("#to", true)
	shown("[data-everybody]", false)
	shown("label[data-quotes]", true)
	shown("label[data-notice]", true)
	page.Wait(`document.getElementById("waywhy").textContent.startsWith("The customer wants it so")`)
	page.Wait(`document.getElementById("subject").value.startsWith("Ihre Nachricht vom")`)
	page.Press("w")
	page.Wait(`document.activeElement.id === "way"`)
	page.Press("ArrowUp")
	page.Press("ArrowUp")
	page.Wait(`document.getElementById("way").value.startsWith("mastodon/")`)
	shown("#to", false)
	shown("[data-everybody]", true)
	shown("label[data-notice]", false)
	page.Wait(`document.querySelector("[data-left]").checkVisibility() && Number(document.querySelector("[data-left]").textContent) > 4900`)
	page.Eval(`(() => { const s = document.getElementById("way"); s.value = "phone/phone/+49305550142"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil)
	shown("[data-for=hand] button", true)
	shown("[data-for=sent]", false)
	page.Eval(`(() => { const s = document.getElementById("way"); s.value = "direct:mastodon/shop/@mk@social.example"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil)
	page.Press("Escape")
	page.Press("r")
	page.Wait(`document.activeElement.name === "text"`)
	page.Type("Das klären wir.")
	page.Click(`[data-for=sent] [data-send]`)
	sent := s.wait(t, sampleConversation+"/reply")
	if got := url.Values(sent.Form); got.Get("way") != "direct:mastodon/shop/@mk@social.example" || got.Has("notice") || got.Has("to") || got.Has("quoted") && got.Get("quoted") == "0" {
		t.Errorf("sent %v", got)
	}
	page.Open(site + sampleConversation)
	page.Press("p")
	page.Wait(`document.getElementById("dlg-prefer").open`)
	page.Click(`#dlg-prefer button.primary`)
	if got := url.Values(s.wait(t, sampleConversation+"/prefer").Form); got.Get("channel") != "email" {
		t.Errorf("noted %v", got)
	}
	page.Open(site + sampleConversation)
	page.Wait(`document.querySelector(".heldnow input") !== null`)
	page.Eval(`(() => { const d = document.querySelector(".heldnow"); d.open = true; d.querySelector("input").focus(); })()`, nil)
	page.Wait(`document.activeElement.name === "reason"`)
	page.Type("Der Zug geht um sechs.")
	page.Eval(`document.querySelector(".heldnow form").requestSubmit()`, nil)
	if got := url.Values(s.wait(t, "/replies/"+s.conv.Items[len(s.conv.Items)-1].ID+"/send-now").Form); got.Get("reason") == "" {
		t.Errorf("sent now by %v", got)
	}
}
