package contact

// Rating is what a customer says of an answer.
type Rating string

// The ratings.
const (
	RatedGood Rating = "good"
	RatedBad  Rating = "bad"
)

// FeedbackKind is what sort of thing a customer says of us.
type FeedbackKind string

// The kinds of feedback.
const (
	FeedbackPraise    FeedbackKind = "praise"
	FeedbackComplaint FeedbackKind = "complaint"
	FeedbackIdea      FeedbackKind = "idea"
)

// Feedback is what a customer says on their own page, beside their words.
type Feedback struct {
	Rating Rating       `json:"rating,omitempty"`
	Kind   FeedbackKind `json:"kind,omitempty"`
	// Contact, Reply and Agent are what is rated and who answered.
	Contact string `json:"contact,omitempty"`
	Reply   string `json:"reply,omitempty"`
	Agent   string `json:"agent,omitempty"`
	// Words is true where the customer wrote some.
	Words bool `json:"words,omitempty"`
	// ByLink is true where nobody has proved who they are: the vote was by the link alone.
	ByLink bool `json:"by_link,omitempty"`
}
