package bluesky_test

import (
	"strings"
	"testing"

	"stagecoach/channels"
	"stagecoach/channels/bluesky"
	"stagecoach/channels/bluesky/blueskyfake"
	"stagecoach/channels/channeltest"
	"stagecoach/contact"
)

// withdrawn waits until the withdrawal of a post is stored.
func withdrawn(t *testing.T, a *bluesky.Adapter, src *channeltest.Source, uri string) *contact.Message {
	t.Helper()
	var found *contact.Message
	src.Until("the withdrawal", func() bool {
		for _, in := range src.Items() {
			if m, err := a.Parse(in); err == nil && in.Kind == channels.Changed && m.Replaces == uri {
				found = m
			}
		}
		return found != nil
	})
	return found
}

// TestDeletedPosts tells of posts that their authors have deleted, for the process
// that delivered them and the next, and not of those behind a block.
func TestDeletedPosts(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	src := channeltest.NewSource(t)
	first := s.Put(blueskyfake.Post{Text: "before it all"})
	a := adapter(t, config(s), nil)
	var kept, hidden blueskyfake.Ref
	once(t, a, src, func() {
		gone := s.Put(blueskyfake.Post{Text: "my secret number is 77"})
		kept = s.Put(blueskyfake.Post{Text: "another"})
		hidden = s.Put(blueskyfake.Post{Text: "of a foe", Author: "foe.test"})
		src.UntilStored(3)
		s.Delete(first.URI)
		s.Know(blueskyfake.Person{Handle: "foe.test", BlocksUs: true})
		s.Delete(gone.URI)
		if m := withdrawn(t, a, src, gone.URI); !m.Withdrawn || m.From.Address != s.DID(alice) || m.MessageID == gone.URI {
			t.Errorf("it is read as %+v", m)
		}
	})
	a = adapter(t, config(s), nil)
	once(t, a, src, func() {
		looks := s.Calls("com.atproto.repo.getRecord")
		src.Until("a look at the hidden post", func() bool { return s.Calls("com.atproto.repo.getRecord") > looks })
		s.Delete(kept.URI)
		withdrawn(t, a, src, kept.URI)
	})
	for _, in := range src.Items() {
		if m, err := a.Parse(in); err != nil || m.Replaces == hidden.URI || m.Replaces == first.URI {
			t.Errorf("%s was told of, %v", in.Raw, err)
		}
	}
	if n := len(src.Items()); n != 5 {
		t.Errorf("%d items are stored, want 5", n)
	}
}

// TestReadLater reads what an account got that isn't configured any more, with what
// its author warns of.
func TestReadLater(t *testing.T) {
	s := provider(t, blueskyfake.Config{})
	src := channeltest.NewSource(t)
	receiving(t, adapter(t, config(s), nil), src)
	s.Put(blueskyfake.Post{Text: "look at my wound", Labels: []string{"graphic-media", "!no-unauthenticated"}})
	src.UntilStored(1)
	m, err := bluesky.Archive().Parse(src.Items()[0])
	if err != nil || len(m.To) != 1 || m.To[0].Address != "@support.test" || !strings.HasPrefix(m.Text, "[CW: graphic-media]\n\n") {
		t.Errorf("it is read as %+v, %v", m, err)
	}
}
