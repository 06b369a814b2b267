package slack

import (
	"context"
	"errors"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"stagecoach/channels"
)

// person is who somebody is, as kept with an original.
type person struct {
	Name string `json:"name,omitempty"`
	// Team is the workspace that they are of; TeamName, where it isn't ours, is what
	// it is called, or its id.
	Team     string `json:"team,omitempty"`
	TeamName string `json:"team_name,omitempty"`
	Bot      bool   `json:"bot,omitempty"`
	Language string `json:"language,omitempty"`
}

// peopleBook remembers who people and teams are.
type peopleBook struct {
	users *lru.Cache[string, knownPerson]
	teams *lru.Cache[string, knownTeam]
	rooms *lru.Cache[string, knownTeam]
	group singleflight.Group
}

type knownPerson struct {
	person
	until time.Time
}

type knownTeam struct {
	name  string
	until time.Time
}

// How many are remembered and for how long: names change, and what couldn't be
// had is asked for again soon.
const (
	peopleKept  = 8192
	teamsKept   = 512
	personLife  = 6 * time.Hour
	failureLife = 5 * time.Minute
	whoTime     = 5 * time.Second
)

func newPeopleBook() (*peopleBook, error) {
	users, err := lru.New[string, knownPerson](peopleKept)
	if err != nil {
		return nil, err
	}
	teams, err := lru.New[string, knownTeam](teamsKept)
	if err != nil {
		return nil, err
	}
	rooms, err := lru.New[string, knownTeam](teamsKept)
	return &peopleBook{users: users, teams: teams, rooms: rooms}, err
}

// who tells who a user is, and an empty person where that can't be had: a message
// doesn't wait for a name. https://docs.slack.dev/reference/methods/users.info
func (a *Adapter) who(ctx context.Context, me *self, id string) person {
	if known, ok := a.people.users.Get(id); ok && time.Now().Before(known.until) {
		return known.person
	}
	if !validID(id) || !me.may(scopeUsers) {
		return person{}
	}
	got, err, _ := a.people.group.Do(id, func() (any, error) {
		limited, cancel := context.WithTimeout(ctx, whoTime)
		defer cancel()
		return a.askWho(limited, me, id), nil
	})
	found, ok := got.(knownPerson)
	if err != nil || !ok {
		return person{}
	}
	if ctx.Err() == nil {
		a.people.users.Add(id, found)
	}
	return found.person
}

func (a *Adapter) askWho(ctx context.Context, me *self, id string) knownPerson {
	var got struct {
		User userInfo `json:"user"`
	}
	if _, err := a.read(ctx, opFetch, "users.info", url.Values{"user": {id}, "include_locale": {"true"}}, &got); err != nil {
		a.log.DebugContext(ctx, "a name can't be had", "err", err)
		wait := failureLife
		if typed, ok := errors.AsType[*channels.Error](err); ok && typed.RetryAfter > 0 {
			wait = typed.RetryAfter
		}
		return knownPerson{until: time.Now().Add(wait)}
	}
	u := got.User
	p := person{
		Name: shown(firstOf(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name), 100),
		Team: u.TeamID, Bot: u.IsBot, Language: language(u.Locale),
	}
	if u.TeamID != "" && u.TeamID != me.team && u.Stranger {
		p.TeamName = a.teamName(ctx, me, u.TeamID)
	}
	return knownPerson{person: p, until: time.Now().Add(personLife)}
}

// teamName gives what another workspace is called, or its id.
// https://docs.slack.dev/reference/methods/team.info
func (a *Adapter) teamName(ctx context.Context, me *self, id string) string {
	if known, ok := a.people.teams.Get(id); ok && time.Now().Before(known.until) {
		return known.name
	}
	found := knownTeam{name: shown(id, 40), until: time.Now().Add(failureLife)}
	var got struct {
		Team struct {
			Name string `json:"name"`
		} `json:"team"`
	}
	if me.may(scopeTeam) {
		if _, err := a.read(ctx, opFetch, "team.info", url.Values{"team": {id}}, &got); err == nil && got.Team.Name != "" {
			found = knownTeam{name: shown(got.Team.Name, 80), until: time.Now().Add(personLife)}
		}
	}
	a.people.teams.Add(id, found)
	return found.name
}

// roomName gives what a channel is called, "" where that can't be had.
// https://docs.slack.dev/reference/methods/conversations.info
func (a *Adapter) roomName(ctx context.Context, id string) string {
	if known, ok := a.people.rooms.Get(id); ok && time.Now().Before(known.until) {
		return known.name
	}
	limited, cancel := context.WithTimeout(ctx, whoTime)
	defer cancel()
	found := knownTeam{until: time.Now().Add(failureLife)}
	var got struct {
		Channel conversation `json:"channel"`
	}
	if _, err := a.read(limited, opFetch, "conversations.info", url.Values{"channel": {id}}, &got); err == nil && got.Channel.ID == id {
		found = knownTeam{name: shown(got.Channel.Name, 80), until: time.Now().Add(personLife)}
	}
	if ctx.Err() == nil {
		a.people.rooms.Add(id, found)
	}
	return found.name
}
