package view

// Done is the answer to a command: it is durable.
type Done struct {
	// Commit is where it stands in the log.
	Commit uint64 `json:"commit"`
	// Contact, Conversation, Message, Reply and Offer name what it was about,
	// as far as there is one.
	Contact      string `json:"contact"`
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	Reply        string `json:"reply"`
	Offer        string `json:"offer"`
	// Link is the link that was made, undone or declined, Person whom it makes.
	Link   string `json:"link,omitempty"`
	Person string `json:"person,omitempty"`
	// Draft is the policy draft that was made.
	Draft string `json:"draft,omitempty"`
	// Known is true when it had been done before, by the same id.
	Known bool `json:"known"`
	// CatchingUp is true when lists and pages do not show it yet.
	CatchingUp bool `json:"catching_up"`
}

// Upload is a file that was stored and can be sent with a reply.
type Upload struct {
	// ID is what a reply names the file by.
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
}

// ResentFiles are the files of an answer that did not arrive, for the next one. Left says,
// in words, which of them don't go along.
type ResentFiles struct {
	Files []Upload `json:"files"`
	Left  []string `json:"left"`
}

// Login is a session for a program: the token goes into the header
// "Authorization: Bearer".
type Login struct {
	Token string `json:"token"`
	Me    Person `json:"me"`
}

// Member is an agent as just added or changed.
type Member struct {
	Person Person `json:"person"`
	// Password is the one made for them, when none was given.
	Password string `json:"password"`
	// SetupLink lets them choose a password of their own, once.
	SetupLink string `json:"setup_link"`
}
