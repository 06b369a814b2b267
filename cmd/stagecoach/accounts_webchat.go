package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stagecoach/channels"
	"stagecoach/channels/webchat"
	"stagecoach/configs"
	"stagecoach/contact"
	"stagecoach/journal"
	"stagecoach/router"
)

// mailFunc mails a reply to somebody who has left the channel it is of.
type mailFunc func(ctx context.Context, to, subject, text, replyID string) error

func webChatAccounts(cfg *configs.Config, dir string, with *chats, logger *slog.Logger) ([]*link, error) {
	var out []*link
	for _, w := range cfg.Channels.WebChat {
		adapter, err := webchat.New(webChatConfig(cfg, &w, dir, with), logger)
		if err != nil {
			return nil, fmt.Errorf("channel webchat/%s: %w", w.Name, err)
		}
		made := adapter.Channel()
		settings := settingsOf(struct {
			Account configs.WebChat
			Proxies []configs.Network
		}{w, cfg.HTTP.TrustedProxies}, w.Secret, w.PreviousSecret)
		out = append(out, &link{
			adapter: made, settings: settings,
			facts: router.AccountFacts{Addresses: []string{made.Address}, Skills: w.Skills, Language: w.Language},
		})
	}
	return out, nil
}

func webChatConfig(cfg *configs.Config, w *configs.WebChat, dir string, with *chats) webchat.Config {
	c := webchat.Config{
		Account: w.Name, Dir: dir, Origins: w.Origins, Title: w.Title, Visitors: w.Visitors,
		PerAddress: w.PerAddress, PerVisitor: w.PerVisitor, FileBytes: w.FileBytes, Heartbeat: w.Heartbeat, MailAfter: w.MailAfter,
		Users: w.Users, ExternalIDs: w.ExternalIDs,
	}
	for _, one := range []configs.Secret{w.Secret, w.PreviousSecret} {
		if !one.Empty() {
			c.Secrets = append(c.Secrets, webchat.Secret(one.Reveal()))
		}
	}
	for _, proxy := range cfg.HTTP.TrustedProxies {
		c.TrustedProxies = append(c.TrustedProxies, proxy.String())
	}
	switch {
	case with != nil:
		with.equip(&c, w.MailVia)
	case w.MailVia != "": // only looked at: nothing is run that could send
		c.Mail = func(context.Context, string, string, string, string) error { return errOnlyChecked }
	}
	return c
}

var errOnlyChecked = errors.New("nothing is sent while settings are checked")

// mailVia gives what mails a person's reply through one of our mailboxes, under
// their name, and so that an answer to it leads back to the conversation.
func (l *links) mailVia(account string) mailFunc {
	return func(ctx context.Context, to, subject, text, replyID string) error {
		via := l.get(contact.Email, account)
		if via == nil || via.adapter.Sender == nil || via.adapter.Composer == nil {
			return &channels.Error{
				Channel: contact.Email, Account: account, Op: "send", Reason: channels.Unavailable, Err: errors.New("this mailbox isn't there, or can't send"),
			}
		}
		r := &contact.Reply{
			ID: replyID, Kind: contact.Answer, Channel: contact.Email, Account: account, CreatedAt: time.Now().UTC().Truncate(time.Second),
			To: []contact.Address{{Address: to}}, Subject: subject, Text: text,
		}
		if words, err := readJSON[contact.Reply](ctx, l.journal, string(journal.KindReply)+"."+replyID); err == nil { // else erased meanwhile
			r.FromName, r.Token = words.FromName, words.Token
		}
		raw, err := via.adapter.Composer.Compose(r)
		if err != nil {
			return err
		}
		r.Raw = raw
		_, err = via.adapter.Sender.Send(ctx, r)
		return err
	}
}
