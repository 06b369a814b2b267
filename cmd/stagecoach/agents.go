package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"stagecoach/configs/strict"
	"stagecoach/contact"
	"stagecoach/desk"
	"stagecoach/desk/view"
)

// agentsCmd is `stagecoach agents`.
type agentsCmd struct {
	List     agentsListCmd     `cmd:"" default:"withargs" help:"List everybody who has an account."`
	Add      agentsAddCmd      `cmd:"" help:"Add an account; prints a link by which they choose a password, once."`
	Remove   agentsRemoveCmd   `cmd:"" help:"Take an account out: what they hold goes back, their sessions end."`
	Password agentsPasswordCmd `cmd:"" help:"Give somebody a new password, or a link to choose one; their sessions end."`
}

// agentsListCmd is `stagecoach agents list`.
type agentsListCmd struct {
	dataFlags
	JSON bool `name:"json" help:"Print a JSON list."`
}

// Run lists the agents by name.
func (c *agentsListCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toRead, func(line *client) error {
		list, err := people(ctx, line)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, list)
		}
		if len(list) == 0 {
			fmt.Fprintln(io.out, "Nobody has an account yet: 'stagecoach agents add EMAIL --role supervisor' makes the first.")
			return nil
		}
		printPeople(io.out, list)
		return nil
	})
}

// people lists all agents; the list is never nil.
func people(ctx context.Context, line *client) ([]view.Person, error) {
	answer := struct {
		Agents []view.Person `json:"agents"`
	}{Agents: []view.Person{}}
	_, err := line.get(ctx, "/api/agents", &answer)
	return answer.Agents, err
}

func printPeople(w io.Writer, list []view.Person) {
	limited := slices.ContainsFunc(list, func(p view.Person) bool { return limitText(p) != "" })
	t := table{head: []string{"NAME", "E-MAIL", "ROLE", "PRESENCE", "HOLDS", "LOAD", "SKILLS", "LANGUAGES"}}
	if limited {
		t.head = append(t.head, "LIMITS")
	}
	t.head = append(t.head, "ID")
	for _, p := range list {
		look := plain
		switch p.Presence {
		case contact.Available:
			look = green
		case contact.Busy, contact.Away:
			look = yellow
		case contact.Offline, contact.Unreachable:
			look = faint
		}
		skills := make([]string, len(p.Skills))
		for i, s := range p.Skills {
			skills[i] = fmt.Sprintf("%s:%d", s.Name, s.Level)
		}
		load := strconv.Itoa(p.Load)
		if p.Capacity > 0 {
			load += "/" + strconv.Itoa(p.Capacity)
		}
		row := []cell{
			{text: p.Name},
			{text: p.Email},
			{text: string(p.Role)},
			{string(p.Presence), look},
			{text: strconv.Itoa(p.Holding)},
			{text: load},
			{text: strings.Join(skills, " ")},
			{text: strings.Join(p.Languages, " ")},
		}
		if limited {
			row = append(row, cell{text: limitText(p)})
		}
		t.add(append(row, cell{p.ID, faint})...)
	}
	t.print(w)
}

// limitText says what limits somebody beside their units, "" if nothing does.
func limitText(p view.Person) string {
	var out []string
	for _, m := range p.Most {
		out = append(out, fmt.Sprintf("%s:%d", m.Channel, m.Most))
	}
	if p.DailyCap > 0 {
		out = append(out, fmt.Sprintf("%d a day", p.DailyCap))
	}
	return strings.Join(append(out, p.Shifts...), ", ")
}

// findPerson gives the agent of an e-mail address, an id or the beginning of one.
func findPerson(ctx context.Context, line *client, who string) (view.Person, error) {
	list, err := people(ctx, line)
	if err != nil {
		return view.Person{}, err
	}
	var near []view.Person
	emails := make([]string, 0, len(list))
	for _, p := range list {
		if p.ID == who || strings.EqualFold(p.Email, who) {
			return p, nil
		}
		if len(who) >= 4 && strings.HasPrefix(p.ID, who) {
			near = append(near, p)
		}
		emails = append(emails, p.Email)
	}
	switch {
	case len(near) == 1:
		return near[0], nil
	case len(near) > 1:
		return view.Person{}, fmt.Errorf("several agents' ids begin with %q: give more of it, or the e-mail address", who)
	}
	if word, ok := strict.Near(who, emails); ok {
		return view.Person{}, fmt.Errorf("nobody here has the address or id %q: did you mean %s?", who, word)
	}
	return view.Person{}, fmt.Errorf("nobody here has the address or id %q: see 'stagecoach agents list'", who)
}

// agentsAddCmd is `stagecoach agents add`.
type agentsAddCmd struct {
	dataFlags
	Email         string   `arg:"" help:"E-mail address that they log in with."`
	Name          string   `help:"Name that customers and colleagues read; made of the address if left out."`
	Role          string   `help:"agent or supervisor." enum:"agent,supervisor" default:"agent"`
	Skill         []string `help:"What they can do, with a level from 1 to 5; 3 if left out. May be repeated." placeholder:"NAME:LEVEL"`
	Language      []string `help:"Language that they write, such as de. May be repeated."`
	Channel       []string `help:"Channel that they answer; all if left out. May be repeated."`
	Capacity      int      `help:"Units that they can hold at a time; the policy's number if left out." placeholder:"N"`
	Most          []string `help:"How many contacts of a channel they hold at a time, where that is other than the policy's number. May be repeated." placeholder:"CHANNEL:N"`
	DailyCap      int      `help:"How many contacts they take in a day; any number if left out." placeholder:"N"`
	Shift         []string `help:"When they work, such as 'mon-fri 09:00-17:00', in the zone of the policy; whenever they are available if left out. May be repeated." placeholder:"SHIFT" sep:"none"`
	PasswordStdin bool     `help:"Read the password from standard input instead of printing a link."`
	JSON          bool     `name:"json" help:"Print JSON."`
}

// agentBody is what the API wants to know of a new agent.
type agentBody struct {
	desk.Profile
	Password string `json:"password,omitempty"`
	Link     bool   `json:"link,omitempty"`
}

func (c *agentsAddCmd) body(io std) (agentBody, error) {
	var b agentBody
	parsed, err := mail.ParseAddress(c.Email)
	if err != nil || parsed.Address != c.Email {
		return b, fmt.Errorf("%q is not a plain e-mail address", c.Email)
	}
	b.Email, b.Name, b.Role, b.Capacity, b.Languages = c.Email, c.Name, contact.Role(c.Role), c.Capacity, c.Language
	if b.Name == "" {
		b.Name = nameOf(c.Email)
	}
	if c.Capacity < 0 {
		return b, fmt.Errorf("--capacity is a number of units, not %d", c.Capacity)
	}
	for _, s := range c.Skill {
		skill, err := parseSkill(s)
		if err != nil {
			return b, err
		}
		b.Skills = append(b.Skills, skill)
	}
	if err := c.limits(&b); err != nil {
		return b, err
	}
	for _, ch := range c.Channel {
		b.Channels = append(b.Channels, contact.Channel(ch))
	}
	if !c.PasswordStdin {
		b.Link = true
		return b, nil
	}
	b.Password, err = readPassword(io)
	return b, err
}

// limits reads what limits the agent.
func (c *agentsAddCmd) limits(b *agentBody) error {
	if c.DailyCap < 0 {
		return fmt.Errorf("--daily-cap is a number of contacts, not %d", c.DailyCap)
	}
	if _, err := desk.ParseShifts(c.Shift); err != nil {
		return fmt.Errorf("--shift %w", err)
	}
	b.DailyCap, b.Shifts = &c.DailyCap, c.Shift
	for _, text := range c.Most {
		ch, number, _ := strings.Cut(text, ":")
		n, err := strconv.Atoi(number)
		if ch == "" || err != nil || n < 1 {
			return fmt.Errorf("--most %q: write it like email:3", text)
		}
		b.Most = append(b.Most, view.ChannelMost{Channel: contact.Channel(ch), Most: n})
	}
	return nil
}

// nameOf makes a name of an address: anna.meier@… is Anna Meier.
func nameOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune("._-+", r) })
	for i, w := range words {
		runes := []rune(w)
		words[i] = strings.ToUpper(string(runes[0])) + string(runes[1:])
	}
	if len(words) == 0 {
		return local
	}
	return strings.Join(words, " ")
}

// parseSkill reads "billing:3"; without a level it is 3.
func parseSkill(s string) (view.Skill, error) {
	name, level, given := strings.Cut(s, ":")
	skill := view.Skill{Name: strings.TrimSpace(name), Level: 3}
	if given {
		n, err := strconv.Atoi(strings.TrimSpace(level))
		if err != nil || n < 1 || n > 5 {
			return skill, fmt.Errorf("--skill %q: the level is a number from 1 to 5, such as billing:3", s)
		}
		skill.Level = n
	}
	if skill.Name == "" {
		return skill, fmt.Errorf("--skill %q has no name: write it like billing:3", s)
	}
	return skill, nil
}

// readPassword reads one line; at a terminal it is asked for and not shown.
func readPassword(streams std) (string, error) {
	if f, ok := streams.in.(*os.File); ok && isTerminal(f) {
		fmt.Fprint(streams.err, "Password: ")
		data, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(streams.err)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return notEmpty(string(data))
	}
	data, err := io.ReadAll(io.LimitReader(streams.in, 4096))
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return notEmpty(strings.TrimSuffix(line, "\r"))
}

func notEmpty(password string) (string, error) {
	if password == "" {
		return "", fmt.Errorf("no password came on standard input")
	}
	return password, nil
}

// Run adds an account.
func (c *agentsAddCmd) Run(ctx context.Context, io std) error {
	body, err := c.body(io)
	if err != nil {
		return err
	}
	return c.with(ctx, io, toWrite, func(line *client) error {
		var m view.Member
		if _, err := line.call(ctx, http.MethodPost, "/api/agents", body, &m); err != nil {
			return err
		}
		return tellMember(ctx, line, io.out, m, c.JSON, "Added "+string(m.Person.Role))
	})
}

// tellMember says what was done, and how they get in.
func tellMember(ctx context.Context, line *client, w io.Writer, m view.Member, asJSON bool, done string) error {
	if strings.HasPrefix(m.SetupLink, "/") {
		m.SetupLink = line.deskAddress(ctx) + m.SetupLink
	}
	if asJSON {
		return printJSON(w, m)
	}
	fmt.Fprintf(w, "%s %s <%s>, id %s.\n", done, oneLine(m.Person.Name), m.Person.Email, m.Person.ID)
	if m.SetupLink != "" {
		fmt.Fprintf(w, "They choose a password here (the link works once):\n%s\n", m.SetupLink)
	}
	return nil
}

// agentsRemoveCmd is `stagecoach agents remove`.
type agentsRemoveCmd struct {
	dataFlags
	Agent string `arg:"" help:"E-mail address or id."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run takes an account out.
func (c *agentsRemoveCmd) Run(ctx context.Context, io std) error {
	return c.with(ctx, io, toWrite, func(line *client) error {
		p, err := findPerson(ctx, line, c.Agent)
		if err != nil {
			return err
		}
		var done view.Done
		if _, err := line.call(ctx, http.MethodDelete, "/api/agents/"+url.PathEscape(p.ID), nil, &done); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io.out, struct {
				ID     string `json:"id"`
				Email  string `json:"email"`
				Commit uint64 `json:"commit"`
			}{p.ID, p.Email, done.Commit})
		}
		fmt.Fprintf(io.out, "Removed %s <%s>.", oneLine(p.Name), p.Email)
		if p.Holding > 0 {
			fmt.Fprintf(io.out, " %d held by them wait for somebody else now.", p.Holding)
		}
		fmt.Fprintln(io.out)
		return nil
	})
}

// agentsPasswordCmd is `stagecoach agents password`.
type agentsPasswordCmd struct {
	dataFlags
	Agent string `arg:"" help:"E-mail address or id."`
	Stdin bool   `help:"Read the password from standard input instead of printing a link." aliases:"password-stdin"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run sets a password.
func (c *agentsPasswordCmd) Run(ctx context.Context, io std) error {
	var body agentBody
	if c.Stdin {
		password, err := readPassword(io)
		if err != nil {
			return err
		}
		body.Password = password
	} else {
		body.Link = true
	}
	return c.with(ctx, io, toWrite, func(line *client) error {
		p, err := findPerson(ctx, line, c.Agent)
		if err != nil {
			return err
		}
		var m view.Member
		in := map[string]any{"link": body.Link}
		if body.Password != "" {
			in["password"] = body.Password
		}
		if _, err := line.call(ctx, http.MethodPost, "/api/agents/"+url.PathEscape(p.ID)+"/password", in, &m); err != nil {
			return err
		}
		done := "New password for"
		if m.SetupLink != "" {
			done = "The old password is void of"
		}
		return tellMember(ctx, line, io.out, m, c.JSON, done)
	})
}

// knownWord refuses a word that is not of a list, with the one that was meant.
func knownWord(flag, word string, list []string) error {
	if word == "" || slices.Contains(list, word) {
		return nil
	}
	if near, ok := strict.Near(word, list); ok {
		return fmt.Errorf("%s %q: did you mean %s?", flag, word, near)
	}
	return fmt.Errorf("%s %q: it is one of %s", flag, word, strings.Join(list, ", "))
}
