package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"stagecoach/channels"
	"stagecoach/contact"
	"stagecoach/desk/view"
)

// Entered is a telephone call, a letter or a visit, entered by hand.
type Entered struct {
	// ID makes it one, however often it is sent.
	ID      string
	Channel contact.Channel
	// Name and Address say whose it is; the address may be unknown.
	Name, Address string
	Subject, Text string
	// ReceivedAt is when the customer called, wrote or came; now at the latest.
	ReceivedAt  time.Time
	Attachments []contact.Attachment
	// Answer is what the customer was told already, "" if nothing.
	Answer string
}

// Enter takes in what came by telephone, letter or visit, with the same promise
// as anything else.
func (s *Service) Enter(ctx context.Context, who Who, in Entered) (view.Done, error) {
	if err := s.checkEntered(&in); err != nil {
		return view.Done{}, err
	}
	if err := s.inline(ctx, in.Attachments); err != nil {
		return view.Done{}, err
	}
	m := contact.Message{
		ID: in.ID, Channel: in.Channel, Account: string(in.Channel), ReceivedAt: in.ReceivedAt,
		From: contact.Address{Address: in.Address, Name: in.Name}, Subject: in.Subject, Text: in.Text, ReplyText: in.Text,
		To: []contact.Address{}, CC: []contact.Address{}, ReplyTo: []contact.Address{}, References: []string{},
		Attachments: in.Attachments, MessageID: in.ID, Warnings: []string{},
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return view.Done{}, fmt.Errorf("writing what was entered: %w", err)
	}
	res, err := s.deps.Intake.Enter(ctx, who.ID, &channels.Inbound{
		Schema: channels.InboundSchema, Kind: channels.Fresh, Channel: in.Channel, Account: string(in.Channel),
		Source: string(in.Channel) + "/desk", Position: in.ID, ProviderID: in.ID, ReceivedAt: in.ReceivedAt,
		Format: "json", Raw: raw, Size: int64(len(raw)),
	})
	if err != nil {
		return view.Done{}, fmt.Errorf("taking in what was entered: %w", err)
	}
	done := s.done(ctx, res)
	if strings.TrimSpace(in.Answer) == "" {
		return done, nil
	}
	return s.Send(ctx, who, Sending{
		ID: derivedID("answer", in.ID), Kind: contact.Answer, Contact: res.Contact, Conversation: res.Conversation,
		Covers: res.Message, Subject: in.Subject, Text: in.Answer, Given: true,
	})
}

// inline puts the bytes of uploads into what is entered: the item is kept whole,
// as anything that comes is.
func (s *Service) inline(ctx context.Context, files []contact.Attachment) error {
	var size int64
	for i := range files {
		data, err := s.fileBytes(ctx, files[i])
		if err != nil {
			return err
		}
		if size += int64(len(data)); size > s.cfg.MaxUpload {
			return invalid(fmt.Sprintf("The files have more than %d MB together.", s.cfg.MaxUpload>>20))
		}
		files[i].Data, files[i].Object, files[i].Size = data, "", int64(len(data))
	}
	return nil
}

func (s *Service) checkEntered(in *Entered) error {
	id, err := givenID(in.ID)
	if err != nil {
		return err
	}
	in.ID = id
	in.Name, in.Address, in.Subject = strings.TrimSpace(in.Name), strings.TrimSpace(in.Address), strings.TrimSpace(in.Subject)
	now := s.now().UTC()
	switch {
	case !in.Channel.ByHand():
		return invalid("What is entered by hand came by phone, letter or visit.")
	case in.Name == "" && in.Address == "":
		return invalid("Say who it was: a name, or a number or address.")
	case strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0:
		return invalid("Say what it was about, or add a scan.")
	case len(in.Text) > maxText || len(in.Name) > 1000 || len(in.Address) > 1000 || len(in.Subject) > 4000:
		return invalid("That is longer than can be kept.")
	case len(in.Attachments) > maxFiles:
		return invalid(fmt.Sprintf("At most %d files.", maxFiles))
	case in.ReceivedAt.After(now.Add(time.Minute)):
		return invalid("It cannot have come in the future.")
	}
	if in.ReceivedAt.IsZero() || in.ReceivedAt.After(now) {
		in.ReceivedAt = now
	}
	in.ReceivedAt = in.ReceivedAt.UTC()
	if in.Address == "" { // nobody else's: two unknown callers are two customers
		in.Address = "unknown-" + in.ID
	}
	return nil
}
